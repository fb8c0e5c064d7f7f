"""The site has the pages of docs/; what they link to beside it is read in the repository."""
import posixpath
import re

REPOSITORY = "https://github.com/cdk8s-secure-debug/cdk8s-secure-debug/blob/main"


def on_page_markdown(markdown, page, **_):
    folder = posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def outside(match):
        target = posixpath.normpath(posixpath.join(folder, match.group(1)))
        return match.group(0) if target.startswith("docs/") else f"]({REPOSITORY}/{target}"

    return re.sub(r"\]\((\.\./[^)\s#]*)", outside, markdown)
