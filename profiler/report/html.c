/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <nettle/base64.h>
#include <string.h>

#include "base/hash.h"
#include "base/version.h"
#include "profiler/report/html_frame.h"

static unsigned nibble(char hex)
{
	return (unsigned)(hex <= '9' ? hex - '0' : hex - 'a' + 10);
}

/* " 'sha256-...'" of what stands between the tags. */
static void put_hash(struct ep_html *h, struct ep_html_asset a)
{
	char hex[EP_HASH_BYTES], text[BASE64_ENCODE_RAW_LENGTH(32)];
	uint8_t digest[32];

	ep_hash_bytes(a.data, a.len, hex);
	for (size_t i = 0; i < sizeof(digest); i++)
		digest[i] = (uint8_t)(nibble(hex[2 * i]) << 4 |
				      nibble(hex[2 * i + 1]));
	base64_encode_raw(text, sizeof(digest), digest);
	ep_html_raw(h, " 'sha256-");
	ep_html_bytes(h, text, sizeof(text));
	ep_html_raw(h, "'");
}

static void put_policy(struct ep_html *h, const struct ep_html_frame *f)
{
	ep_html_raw(h, "<meta http-equiv=\"Content-Security-Policy\" "
		       "content=\"default-src 'none'; script-src");
	for (size_t i = 0; i < f->script_count; i++)
		put_hash(h, f->scripts[i]);
	ep_html_raw(h, "; style-src");
	put_hash(h, ep_html_asset_css());
	ep_html_raw(h, "; base-uri 'none'; form-action 'none'\">\n");
}

void ep_html_frame_begin(struct ep_html *h, const struct ep_html_frame *f)
{
	struct ep_html_asset css = ep_html_asset_css();

	ep_html_raw(h, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
		       "<meta charset=\"utf-8\">\n");
	put_policy(h, f);
	ep_html_raw(h, "<meta name=\"viewport\" content=\"width=device-width, "
		       "initial-scale=1\">\n"
		       "<meta name=\"color-scheme\" content=\"light dark\">\n"
		       "<meta name=\"referrer\" content=\"no-referrer\">\n");
	ep_html_element(h, "title", "", f->title);
	ep_html_raw(h, "\n<style>");
	ep_html_bytes(h, css.data, css.len);
	ep_html_raw(h, "</style>\n</head>\n<body>\n");
}

/* Copies of the libraries carry their licence. */
static const char licence[] =
	"Permission is hereby granted, free of charge, to any person obtaining "
	"a copy of this software and associated documentation files (the "
	"\"Software\"), to deal in the Software without restriction, including "
	"without limitation the rights to use, copy, modify, merge, publish, "
	"distribute, sublicense, and/or sell copies of the Software, and to "
	"permit persons to whom the Software is furnished to do so, subject to "
	"the following conditions: The above copyright notice and this "
	"permission notice shall be included in all copies or substantial "
	"portions of the Software. THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT "
	"WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO "
	"THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE "
	"AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT "
	"HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER "
	"IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR "
	"IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE "
	"SOFTWARE.";

void ep_html_frame_end(struct ep_html *h, const struct ep_html_frame *f)
{
	ep_html_raw(h, "<footer><p>Made by edgeprof ");
	ep_html_text(h, ep_version);
	ep_html_raw(h, ". This file needs no network and no other file.</p>\n");
	if (f->library) {
		ep_html_raw(h, "<details><summary>It holds the library ");
		ep_html_text(h, f->library);
		ep_html_raw(h, ", MIT licence</summary><p>");
		ep_html_text(h, licence);
		ep_html_raw(h, "</p></details>\n");
	}
	ep_html_raw(h, "</footer>\n");
	for (size_t i = 0; i < f->script_count; i++) {
		ep_html_raw(h, "<script>");
		ep_html_bytes(h, f->scripts[i].data, f->scripts[i].len);
		ep_html_raw(h, "</script>\n");
	}
	ep_html_raw(h, "</body>\n</html>\n");
}

void ep_html_section(struct ep_html *h, const char *title)
{
	ep_html_raw(h, "<section>\n<h2 id=\"s-");
	ep_html_slug(h, title);
	ep_html_raw(h, "\">");
	ep_html_text(h, title);
	ep_html_raw(h, "</h2>\n");
}

void ep_html_table_begin(struct ep_html *h, const char *class_name)
{
	/* Can be scrolled by keyboard too. */
	ep_html_raw(h, "<div class=\"scroll\" tabindex=\"0\"><table");
	if (class_name[0] != '\0') {
		ep_html_raw(h, " class=\"");
		ep_html_raw(h, class_name);
		ep_html_raw(h, "\"");
	}
	ep_html_raw(h, ">\n");
}

void ep_html_table_end(struct ep_html *h)
{
	ep_html_raw(h, "</table></div>\n");
}
