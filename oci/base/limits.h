/*
 * limits - every ceiling in the suite, with its reason.
 *
 * What a stranger can make large is bounded here and checked before memory, disk or time is spent.
 */
#ifndef OCI_BASE_LIMITS_H
#define OCI_BASE_LIMITS_H

#define KIB (1024UL)
#define MIB (1024UL * KIB)
#define GIB (1024UL * MIB)

/* Manifests and indexes. The distribution specification asks registries for at least 4 MiB; clients
 * (containerd, c/image) refuse more than that, so more would be of no use to anyone. */
#define LIMIT_MANIFEST (4UL * MIB)
/* Children of an index plus layers of a manifest; the largest seen in the wild are below 200. */
#define LIMIT_DESCRIPTORS 4096
/* Indexes within indexes. */
#define LIMIT_NESTING 8

/* JSON: depth, and memory for one document (4 MiB of "[{},{}..." would take 322 MB unbudgeted). */
#define LIMIT_JSON_DEPTH  64
#define LIMIT_JSON_MEMORY (64UL * MIB)

/* index.json of a mirror: 100,000 entries take about 56 MiB. One entry is one line. */
#define LIMIT_INDEX       (512UL * MIB)
#define LIMIT_INDEX_ENTRY (1UL * MIB)

/* A blob may be as large as the disk; this only keeps sums of sizes inside 64 bits. */
#define LIMIT_BLOB (1L << 50)

/* What is left of a download that nobody went on with: longer than a few sprints' syncs are apart. */
#define LIMIT_PARTIAL_DAYS 60

/* References: distribution/reference caps name at 255, the specification tag at 128. */
#define LIMIT_NAME 255
#define LIMIT_TAG  128

/* Lists: a file, a line, and lines in all files together. */
#define LIMIT_LIST_FILE  (8UL * MIB)
#define LIMIT_LIST_LINE  4096
#define LIMIT_LIST_LINES 200000
#define LIMIT_LIST_FILES 1000
/* Lines that choose tags of one repository: each is compared with each. */
#define LIMIT_LIST_CHOICES 100
/* Errors reported for one set of lists; a binary file would otherwise give one per line. */
#define LIMIT_LIST_ERRORS 100

/* HTTP as a client: one response's headers, an error body that is read for its message, redirects,
 * pages of a tag list and tags in it. */
#define LIMIT_HTTP_HEADERS   (64UL * KIB)
#define LIMIT_HTTP_ERROR     (64UL * KIB)
#define LIMIT_HTTP_REDIRECTS 10
/* Places that a foreign layer's `urls` name, and hosts that all of them do. */
#define LIMIT_LAYER_URLS  4
#define LIMIT_LAYER_HOSTS 64
/* A URL: those that object stores sign take up to 3 KiB. */
#define LIMIT_URL       (16UL * KIB)
#define LIMIT_TAG_PAGES 1000
#define LIMIT_TAG_PAGE  (8UL * MIB)
#define LIMIT_TAGS      200000
#define LIMIT_TOKEN     (64UL * KIB)
/* Challenges in one answer, one value in them (a realm, a list of scopes), and the request made of it. */
#define LIMIT_CHALLENGES      32
#define LIMIT_CHALLENGE_VALUE (4UL * KIB)
#define LIMIT_TOKEN_REQUEST   (64UL * KIB)
/* A docker config.json or a containers auth.json, and what a credential helper says. */
#define LIMIT_CREDS  (1UL * MIB)
#define LIMIT_HELPER (64UL * KIB)

/* HTTP as a server. A request line: the longest that means something (a name, a tag, an ns, two paging
 * words, all percent-encoded) stays below 4 KiB. Its head: bearer tokens of 8 KiB are seen. A body sent
 * along with a GET is skipped up to this size; behind a larger one the connection is closed. */
#define LIMIT_REQUEST_LINE   (8UL * KIB)
#define LIMIT_REQUEST_HEAD   (16UL * KIB)
#define LIMIT_REQUEST_FIELDS 100
#define LIMIT_REQUEST_BODY   (64UL * KIB)
/* Connections at once, however many descriptors the system would give. */
#define LIMIT_CONNECTIONS 16384
/* Bytes of manifests a server keeps in memory; the rest is sent from its files. */
#define LIMIT_SERVE_CACHE (5UL * MIB)
/* One page of a list: clients read bodies up to 4 MiB. */
#define LIMIT_SERVE_PAGE (4000UL * 1000UL)

/* A line of the journal; a journal is read line by line. */
#define LIMIT_JOURNAL_LINE (64UL * KIB)
/* What a person says with --reason or --label. */
#define LIMIT_REASON 400
#define LIMIT_LABEL  120

#endif
