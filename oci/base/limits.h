/*
 * limits - every ceiling of the three programs, with its reason.
 *
 * Every size that a server, a client or a list controls is bounded here, and checked before memory,
 * disk or time is spent on it.
 */
#ifndef OCI_BASE_LIMITS_H
#define OCI_BASE_LIMITS_H

#define KIB (1024UL)
#define MIB (1024UL * KIB)
#define GIB (1024UL * MIB)

/* Manifests and indexes. The distribution specification asks registries for at least 4 MiB; clients
 * (containerd, c/image) refuse larger ones, so a larger one could not be pulled from the mirror. */
#define LIMIT_MANIFEST (4UL * MIB)
/* Children of an index plus layers of a manifest; the largest seen in the wild are below 200. */
#define LIMIT_DESCRIPTORS 4096
/* Indexes within indexes. */
#define LIMIT_NESTING 8
/* Of one image: its manifests, their bytes together, and its blobs. The largest images have some
 * hundred manifests and some thousand blobs; an index of indexes could name 4096 to the power of
 * LIMIT_NESTING. */
#define LIMIT_IMAGE_MANIFESTS      5000
#define LIMIT_IMAGE_MANIFEST_BYTES (64UL * MIB)
#define LIMIT_IMAGE_BLOBS          50000

/* Signatures, attestations and SBOMs: whoever may push to a repository may attach them to an image
 * of others. Of one manifest, those that a list names; of one image and all below it: manifests
 * that are asked about, referrers that are fetched, their bytes. The most seen in public are some
 * dozens, of some megabytes. */
#define LIMIT_REFERRERS          1000
#define LIMIT_REFERRERS_SUBJECTS 10000
#define LIMIT_REFERRERS_IMAGE    5000
#define LIMIT_REFERRERS_BYTES    (4UL * GIB)

/* JSON: depth, and memory for one document (4 MiB of "[{},{}..." would take 322 MB unbudgeted). */
#define LIMIT_JSON_DEPTH  64
#define LIMIT_JSON_MEMORY (64UL * MIB)

/* index.json of a mirror: 100,000 entries take about 56 MiB. One entry is one line. The texts of an
 * entry are measured as they are: an escape (\u007f) takes six bytes of a line for one of a text,
 * and a line that was read must be readable when it is written back. */
#define LIMIT_INDEX       (512UL * MIB)
#define LIMIT_INDEX_ENTRY (1UL * MIB)
#define LIMIT_INDEX_LINE  (8UL * MIB)
/* The annotations of the index itself: every bad and banned digest is there, 200 bytes each. */
#define LIMIT_INDEX_HEAD (16UL * MIB)

/* The table of a generation (oci/store/served.h): 100,000 entries of some blobs each take 50 MiB.
 * Its offsets have 32 bits. */
#define LIMIT_TABLE (2UL * GIB)

/* A blob may be as large as the disk; this only keeps sums of sizes inside 64 bits. */
#define LIMIT_BLOB (1L << 50)

/* The age at which a partial download is removed: a few sprints, longer than syncs are apart. */
#define LIMIT_PARTIAL_DAYS 60

/* References: distribution/reference caps name at 255, the specification tag at 128. */
#define LIMIT_NAME 255
#define LIMIT_TAG  128

/* Lists: a file, a line, and lines in all files together. */
#define LIMIT_LIST_FILE  (8UL * MIB)
#define LIMIT_LIST_LINE  4096
#define LIMIT_LIST_LINES 200000
#define LIMIT_LIST_FILES 1000
/* Lines that choose tags of one repository: every line is compared with every other. */
#define LIMIT_LIST_CHOICES 100
/* Errors reported for one set of lists: a file of another format could give one a line. */
#define LIMIT_LIST_ERRORS 100

/* A YAML file (--convert): depth of lists and mappings; nodes, of about 100 bytes each: a dump of a
 * large cluster has 300,000; anchors, aliases and %TAG lines, since libyaml compares each with all
 * others; documents. */
#define LIMIT_YAML_DEPTH     64
#define LIMIT_YAML_NODES     1000000
#define LIMIT_YAML_ANCHORS   10000
#define LIMIT_YAML_DOCUMENTS 1000

/* A Dockerfile (--convert): ARGs in front of the first FROM, of LIMIT_LIST_LINE each. */
#define LIMIT_DOCKERFILE_ARGS 1000

/* HTTP as a client: one response's headers, an error body that is read for its message, redirects,
 * pages of a tag list and tags in it. */
#define LIMIT_HTTP_HEADERS   (64UL * KIB)
#define LIMIT_HTTP_ERROR     (64UL * KIB)
#define LIMIT_HTTP_REDIRECTS 10
/* Interim answers (1xx) to one request; servers send one or two. */
#define LIMIT_HTTP_INTERIM 16

/* --trace: one exchange in the file; passwords that are remembered in order to cut them out. */
#define LIMIT_TRACE           (256UL * KIB)
#define LIMIT_TRACE_PASSWORDS 64

/* HTTP as a client: time, in seconds. It counts while we wait for the network and read whatever
 * comes; pauses of our own (max-rate=, the disk) do not count. Until status and headers are there,
 * which is all of a HEAD: a proxy may be fetching from its own upstream meanwhile. Whole answers: a
 * token; a manifest or a list of referrers (4 MiB at 7 kB/s); a page of a tag list (8 MiB at
 * 9 kB/s). */
#define LIMIT_HEAD_SECONDS     120
#define LIMIT_TOKEN_SECONDS    120
#define LIMIT_MANIFEST_SECONDS 600
#define LIMIT_PAGE_SECONDS     900
/* All pages of a list of tags, with the waits between their tries: a thousand pages at two seconds
 * each take 33 minutes. */
#define LIMIT_LIST_SECONDS 7200
/* All manifests and blobs of one image, likewise, and all its referrers, beyond what their bytes
 * take at LIMIT_PACE_RATE; those that are asked for at once count each. 5,000 manifests at two
 * seconds each take 167 minutes. */
#define LIMIT_IMAGE_SECONDS 14400
/* Between two looks whether a body whose answer does not end is complete: its digest, or its size,
 * says so. Trailers behind it are of no use to us; a complete body is taken without them. The page
 * of an error is not waited for longer either. */
#define LIMIT_TRAILERS_SECONDS 30
/* A blob may take days, but not at any rate: so many bytes a second, over so many seconds. */
#define LIMIT_PACE_RATE    10000
#define LIMIT_PACE_SECONDS 300
/* URLs that are tried for a foreign layer, and hosts that the URLs of all foreign layers may
 * name. */
#define LIMIT_LAYER_URLS  4
#define LIMIT_LAYER_HOSTS 64
/* A URL: those that object stores sign take up to 3 KiB. */
#define LIMIT_URL       (16UL * KIB)
#define LIMIT_TAG_PAGES 1000
/* A page is read as it arrives (oci/base/json_stream.h), so this bounds its bytes and no memory:
 * gcr.io sends 300 bytes with each tag. Tags are kept, about 100 bytes each: repositories with
 * 300,000 exist. */
#define LIMIT_TAG_PAGE (256UL * MIB)
#define LIMIT_TAGS     500000
#define LIMIT_TOKEN    (64UL * KIB)
/* Challenges in one response, one value in them (a realm, a list of scopes), and the token request
 * that is built from them. */
#define LIMIT_CHALLENGES      32
#define LIMIT_CHALLENGE_VALUE (4UL * KIB)
#define LIMIT_TOKEN_REQUEST   (64UL * KIB)
/* A docker config.json or a containers auth.json, and the output of a credential helper. */
#define LIMIT_CREDS  (1UL * MIB)
#define LIMIT_HELPER (64UL * KIB)

/* HTTP as a server. A request line: the longest useful one (a name, a tag, an ns, two paging
 * parameters, all percent-encoded) stays below 4 KiB. Its head: bearer tokens of 8 KiB occur. A
 * body of a GET is skipped up to this size; after a larger one the connection is closed. Podman
 * asks for up to 1,024 ranges of a zstd:chunked layer in one field, some 22 KiB, and takes a 431
 * for the end of its pull. */
#define LIMIT_REQUEST_LINE   (8UL * KIB)
#define LIMIT_REQUEST_HEAD   (40UL * KIB)
#define LIMIT_REQUEST_FIELDS 100
#define LIMIT_REQUEST_BODY   (64UL * KIB)
/* Ranges in one request; a request for more is answered with everything. */
#define LIMIT_RANGES 1024
/* Connections at once, even if the system allows more descriptors. */
#define LIMIT_CONNECTIONS 16384
/* Addresses whose requests are counted at a time, for --limit requests-per-second=: 2 MB. */
#define LIMIT_RATE_ADDRESSES 16384
/* Bytes of manifests that mirror-serve keeps in memory; the others are sent from their files. */
#define LIMIT_SERVE_CACHE (5UL * MIB)
/* One page of a list: clients read bodies up to 4 MiB. */
#define LIMIT_SERVE_PAGE (4000UL * 1000UL)
/* Pages of lists that are kept for a generation: two of the largest; and how many. */
#define LIMIT_SERVE_PAGES  (2 * LIMIT_SERVE_PAGE + 64 * KIB)
#define LIMIT_SERVE_NPAGES 256
/* Pages of more than LIMIT_SERVE_PAGE_SMALL bytes that exist at a time, kept or being sent: clients
 * that read slowly could each hold a page of their own. */
#define LIMIT_SERVE_PAGE_SMALL (64UL * KIB)
#define LIMIT_SERVE_PAGES_SENT (32 * LIMIT_SERVE_PAGE)

/* Who may read private images (mirror-serve --htpasswd, --groups, --token-key): a file, a line of
 * it, a user's or group's name, and keys in a key file. */
#define LIMIT_ACCESS_FILE (16UL * MIB)
#define LIMIT_ACCESS_LINE (64UL * KIB)
#define LIMIT_USER        255
#define LIMIT_TOKEN_KEYS  4
/* A password that a client sends: base64 in a head, or a form. */
#define LIMIT_PASSWORD (4UL * KIB)
/* The form of a token request: user, password or a foreign refresh token, service, scopes. */
#define LIMIT_TOKEN_FORM (12UL * KIB)
/* Passwords that wait to be hashed, and of those at most so many for one user's name; the outcomes
 * that are remembered for wrong ones. */
#define LIMIT_PASSWORD_JOBS     128
#define LIMIT_PASSWORD_JOBS_ONE 8
#define LIMIT_PASSWORDS_KNOWN   1024

/* What clients asked for and is not there (mirror-serve --record-misses): names, names that one
 * address brings in (oci/store/miss_list.h), days after which a name that nobody asks for goes, the
 * first product of a user agent, a reference, the file and a line of it. A cluster behind one
 * address has as many missing names as the lists have errors, and a stranger at one address gets a
 * sixteenth. */
#define LIMIT_MISSES         4096
#define LIMIT_MISSES_PRIVATE 2048
#define LIMIT_MISSES_PUBLIC  256
#define LIMIT_MISS_DAYS      30
#define LIMIT_MISS_AGENT     63
#define LIMIT_MISS_REF       (2 * LIMIT_NAME + 256)
#define LIMIT_MISS_QUEUE     1024 /* requests that wait to be counted; of one address: */
#define LIMIT_MISS_QUEUE_ONE 64
#define LIMIT_MISS_FILE      (8UL * MIB)
#define LIMIT_MISS_LINE      (4UL * KIB)
/* Names that mirror-sync --suggest asks upstreams for, the most wanted ones. */
#define LIMIT_SUGGESTIONS 500

/* .mirror/verified: 100 bytes a blob, for 5 million of them. */
#define LIMIT_VERIFIED (512UL * MIB)

/* verify --deep: what a layer may decompress to: so many bytes; and, beyond the first so many, so
 * many times what was read of its file. gzip can make 1,032 bytes of one, zstd far more; layers
 * that people build have a ratio of 2 to 20, and some have a large file of zeros. The symbolic
 * links of a layer that are remembered, in bytes: layers with 50,000 links exist. */
#define LIMIT_LAYER_TAR   (256UL * GIB)
#define LIMIT_LAYER_FREE  (1UL * GIB)
#define LIMIT_LAYER_RATIO 200
#define LIMIT_LAYER_LINKS (16UL * MIB)

/* A line of the journal; a journal is read line by line. */
#define LIMIT_JOURNAL_LINE (64UL * KIB)
/* Digests that one mirror-publish find looks for: a bit each. */
#define LIMIT_FIND 64
/* The texts of --reason and --label. */
#define LIMIT_REASON 400
#define LIMIT_LABEL  120

#endif
