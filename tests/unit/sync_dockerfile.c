#include "sync/dockerfile.h"

#include "oci/base/cleanup.h"
#include "tests/tap.h"

static const struct {
	const char *name, *file, *instructions; /* each as LINE[text] */
} rows[] = {
	{ "instructions, blank lines, comments", "\nFROM a\n# b\n  # c\n\n  RUN d\n",
	  "2[FROM a]6[RUN d]" },
	{ "no line end", "FROM a", "1[FROM a]" },
	{ "ends of lines as on Windows", "FROM a\r\nRUN b \\\r\n c\r\n", "1[FROM a]2[RUN b  c]" },
	{ "a mark of the byte order", "\xef\xbb\xbf# escape=`\nFROM a`\nb", "2[FROM ab]" },
	{ "a continued line is joined as it stands", "FROM al\\\npine\nRUN \\  \n x",
	  "1[FROM alpine]3[RUN  x]" },
	{ "comments and blank lines within", "RUN a \\\n # b\\\n\n\t\n c\nFROM d",
	  "1[RUN a  c]6[FROM d]" },
	{ "an escaped escape continues nothing", "RUN c:\\\\\nFROM a", "1[RUN c:\\\\]2[FROM a]" },
	{ "a continued line at the end", "FROM a \\", "1[FROM a ]" },
	{ "an escape alone", "\\\nFROM a", "1[FROM a]" },
	{ "another escape character", "# escape=`\nRUN c:\\\nFROM `\na", "2[RUN c:\\]3[FROM a]" },
	{ "... behind the syntax, in other words", "#Syntax = x\n#\tESCAPE =\t` \nFROM `\na",
	  "3[FROM a]" },
	{ "... behind a check", "# check=skip=all\n# escape=`\nFROM `\na", "3[FROM a]" },
	{ "... behind a comment it is a comment", "# a comment\n# escape=`\nFROM `\na",
	  "3[FROM `]4[a]" },
	{ "... behind an unknown directive, too", "# unknown=1\n# escape=`\nFROM `\na",
	  "3[FROM `]4[a]" },
	{ "... behind a blank line, too", "\n# escape=`\nFROM `\na", "3[FROM `]4[a]" },
	{ "an escape character that there is not", "# escape=x\nFROM \\\na", "2[FROM a]" },
	{ "only directives", "# escape=`\n", "" },
	{ "a here-document", "RUN <<E\nFROM b\nE\nFROM c", "1[RUN <<E]4[FROM c]" },
	{ "... with words around it", "run cat <<E >x\nFROM b\n E\nE \nE\nFROM c",
	  "1[run cat <<E >x]6[FROM c]" },
	{ "... whose end may have tabs in front", "COPY <<-E /x\nFROM b\n\t\tE\nFROM c",
	  "1[COPY <<-E /x]4[FROM c]" },
	{ "... whose end has none", "ADD <<E /x\n\tE\nE\nFROM c", "1[ADD <<E /x]4[FROM c]" },
	{ "... in double quotes", "RUN <<\"E\"\nFROM b\nE\nFROM c", "1[RUN <<\"E\"]4[FROM c]" },
	{ "... in single quotes", "RUN <<-'E'\nFROM b\n\tE\nFROM c", "1[RUN <<-'E']4[FROM c]" },
	{ "... with a descriptor", "RUN cmd 3<<E\nFROM b\nE\nFROM c", "1[RUN cmd 3<<E]4[FROM c]" },
	{ "several", "COPY <<A <<-B /x\nFROM b\nB\nA\nFROM b\n\tB\nFROM c",
	  "1[COPY <<A <<-B /x]7[FROM c]" },
	{ "on a continued line", "RUN a \\\n <<E\nFROM b \\\nE\nFROM c", "1[RUN a  <<E]5[FROM c]" },
	{ "behind ONBUILD", "ONBUILD RUN <<E\nFROM b\nE\nFROM c", "1[ONBUILD RUN <<E]4[FROM c]" },
	{ "a comment's sign in it", "RUN <<E\n#\nE\nFROM c", "1[RUN <<E]4[FROM c]" },
	{ "in another instruction it is none", "ENV a=<<E\nLABEL <<E\nFROM c",
	  "1[ENV a=<<E]2[LABEL <<E]3[FROM c]" },
	{ "in quotes it is none", "RUN echo \"<<E\" '<<E'\nFROM c",
	  "1[RUN echo \"<<E\" '<<E']2[FROM c]" },
	{ "behind an open quote it is none", "RUN echo it's <<E\nFROM c",
	  "1[RUN echo it's <<E]2[FROM c]" },
	{ "escaped it is none", "RUN \\<<E\nFROM c", "1[RUN \\<<E]2[FROM c]" },
	{ "within a word it is none", "RUN a<<E\nFROM c", "1[RUN a<<E]2[FROM c]" },
	{ "<<< is none, and << alone", "RUN a <<<E $((1 << 2))\nFROM c",
	  "1[RUN a <<<E $((1 << 2))]2[FROM c]" },
	{ "in the JSON form it is none", "RUN --x [\"a\", \"<<E\", <<E ]\nFROM c",
	  "1[RUN --x [\"a\", \"<<E\", <<E ]]2[FROM c]" },
	{ "without an end, all is its text", "RUN <<E\nFROM b\nE2\nFROM c", "1[RUN <<E]open E:1" },
	{ "nothing", "", "" },
};

int main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		cleanup_by(buf_release) struct buf out = BUF_INIT(1000);
		cleanup_by(dockerfile_release) struct dockerfile f;

		dockerfile_open(&f, span_str(rows[i].file));
		while (dockerfile_next(&f))
			buf_addf(&out, "%zu[%s]", f.first, f.text.p);
		if (f.open)
			buf_addf(&out, "open %s:%zu", f.open, f.open_line);
		CHECK_TEXT(out.p, rows[i].instructions, rows[i].name);
	}
	return tap_done();
}
