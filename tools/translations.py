"""Extract, merge and compile the translations: `make translations`; `--check` only says what is stale.

English sentences are the source, so that translations/en holds plurals alone. Catalogues are sorted and
carry no line numbers, so that two changes seldom touch the same lines.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "translations"
LANGUAGES = ("zh", "en")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "_l": None, "lazy_gettext": None}
NOISE = (
    '"POT-Creation',
    '"PO-Revision',
    '"Generated-By',
    '"Report-Msgid',
    '"Last-Trans',
    '"Language-Team',
    '"Project-Id',
)
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("templates/**.html", "jinja2")]


def template() -> Catalog:
    """Every message in the code and the templates."""
    found = Catalog(project="Kuaidan", charset="utf-8", header_comment="# Kuaidan")
    for _, _, message, _, context in extract_from_dir(ROOT / "app", METHODS, keywords=KEYWORDS):
        found.add(message, context=context)
    return found


def path_of(language: str) -> Path:
    """The catalogue of one language."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def load(language: str) -> Catalog:
    """One catalogue as it stands."""
    path = path_of(language)
    if not path.exists():
        return Catalog(locale=language, charset="utf-8", header_comment="# Kuaidan")
    with path.open("rb") as stream:
        return read_po(stream, locale=language)


def merge(language: str, found: Catalog) -> Catalog:
    """The catalogue with new messages added and vanished ones dropped; nothing is guessed."""
    merged = load(language)
    merged.update(found, no_fuzzy_matching=True)
    merged.obsolete.clear()
    merged.header_comment, merged.fuzzy = "# Kuaidan", False
    return merged


def text_of(catalogue: Catalog) -> bytes:
    """The catalogue as a sorted file without line numbers."""
    out = io.BytesIO()
    write_po(out, catalogue, sort_output=True, no_location=True, omit_header=False, width=120)
    lines = out.getvalue().decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(NOISE)).encode()


def missing(catalogue: Catalog) -> list[str]:
    """Messages without a translation, or marked fuzzy."""
    return [
        str(m.id) for m in catalogue if m.id and (not m.string or m.fuzzy or (m.pluralizable and not all(m.string)))
    ]


def compile_all() -> None:
    """Write the .mo files, which git does not keep."""
    for language in LANGUAGES:
        with path_of(language).with_suffix(".mo").open("wb") as stream:
            write_mo(stream, load(language))


def check() -> int:
    """0 when catalogues are fresh and Chinese is complete; else says what is not."""
    found = template()
    stale = [code for code in LANGUAGES if text_of(merge(code, found)) != path_of(code).read_bytes()]
    holes = missing(merge("zh", found))
    for code in stale:
        sys.stderr.write(f"translations/{code} is stale; run `make translations`\n")
    for message in holes:
        sys.stderr.write(f"no Chinese for: {message}\n")
    return 1 if stale or holes else 0


def main() -> int:
    """Command line."""
    if "--check" in sys.argv:
        return check()
    if "--compile" not in sys.argv:
        found = template()
        for language in LANGUAGES:
            path_of(language).parent.mkdir(parents=True, exist_ok=True)
            path_of(language).write_bytes(text_of(merge(language, found)))
        holes = missing(load("zh"))
        sys.stdout.write("".join(f"no Chinese for: {m}\n" for m in holes))
    compile_all()
    return 0


if __name__ == "__main__":
    sys.exit(main())
