"""Bring a translation up to its template: `merge_po.py TEMPLATE.pot LANGUAGE.po`.

Terms keep their translation, new ones come in empty, gone ones go. A country's file
(es_MX) holds only the words that differ there: none comes in. The dates in both headers
are dropped: they would make every run a change.
"""

import sys
from pathlib import Path

import polib

DATES = ("POT-Creation-Date", "PO-Revision-Date")


def without_dates(file):
    for name in DATES:
        file.metadata.pop(name, None)
    return file


def main(template_path, path):
    template = without_dates(polib.pofile(template_path, wrapwidth=78))
    template.save(template_path)
    if Path(path).is_file():
        language = polib.pofile(path, wrapwidth=78)
    else:
        language = polib.POFile(wrapwidth=78)
        language.metadata = {
            **template.metadata,
            "Language": Path(path).stem,
            "Plural-Forms": "nplurals=2; plural=(n != 1);",
        }
    language.merge(template)
    is_country = "_" in Path(path).stem
    kept = [
        entry
        for entry in language
        if not entry.obsolete and (entry.translated() or not is_country)
    ]
    language.clear()
    language.extend(kept)
    without_dates(language).save(path)
    empty = sum(not entry.translated() for entry in language)
    print(f"{path}: {len(language)} terms, {empty} to translate")


if __name__ == "__main__":
    main(*sys.argv[1:])
