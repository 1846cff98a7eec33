"""What every addon brings along."""

import addon_files as files
import pytest

polib = pytest.importorskip("polib")

AUTHOR = "Toll Suite contributors"
BROUGHT = (
    "readme/DESCRIPTION.md",
    "README.rst",
    "static/description/icon.png",
    "i18n/es.po",
    "i18n/{name}.pot",
)


@pytest.mark.parametrize("file", BROUGHT)
@pytest.mark.parametrize("name", files.NAMES)
def test_file_is_there(name, file):
    path = files.ADDONS[name] / file.format(name=name)
    assert path.is_file() and path.stat().st_size, f"{files.where(path)} is missing"


@pytest.mark.parametrize("name", files.NAMES)
def test_manifest(name):
    manifest = files.manifest(name)
    assert manifest["license"] == "AGPL-3"
    assert AUTHOR in manifest["author"].split(",")
    assert manifest["version"].startswith("19.0.")
    assert manifest["version"].count(".") == 4, "a version is 19.0.x.y.z"
    assert manifest["summary"] and "\n" not in manifest["summary"]


@pytest.mark.parametrize("name", files.NAMES)
def test_files_of_the_manifest_exist(name):
    manifest = files.manifest(name)
    listed = manifest.get("data", []) + manifest.get("demo", [])
    missing = [path for path in listed if not (files.ADDONS[name] / path).is_file()]
    assert not missing, f"{name}: {missing}"


@pytest.mark.parametrize("name", files.NAMES)
def test_data_files_are_in_the_manifest(name):
    """A view or rule that the manifest forgets is never loaded."""
    manifest = files.manifest(name)
    listed = set(manifest.get("data", [])) | set(manifest.get("demo", []))
    folders = {"data", "demo", "reports", "security", "views", "wizards"}
    forgotten = []
    for path in files.data_files(name, ".xml", ".csv"):
        place = path.relative_to(files.ADDONS[name])
        if place.parts[0] in folders and len(place.parts) == 2:
            if place.as_posix() not in listed:
                forgotten.append(place.as_posix())
    assert not forgotten, f"{name}: not in the manifest: {forgotten}"


@pytest.mark.parametrize("name", files.NAMES)
def test_spanish_is_complete(name):
    path = files.ADDONS[name] / "i18n/es.po"
    if not path.is_file():
        pytest.fail(f"{files.where(path)} is missing")
    entries = [entry for entry in polib.pofile(str(path)) if not entry.obsolete]
    assert entries, f"{files.where(path)} is empty"
    empty = [e.msgid[:60] for e in entries if not e.translated()]
    assert not empty, f"{len(empty)} of {len(entries)} not translated: {empty[:20]}"


@pytest.mark.parametrize("name", files.NAMES)
def test_spanish_follows_the_template(name):
    folder = files.ADDONS[name] / "i18n"
    template, spanish = folder / f"{name}.pot", folder / "es.po"
    if not template.is_file() or not spanish.is_file():
        pytest.fail(f"{name}: the template or the translation is missing")
    wanted = {entry.msgid for entry in polib.pofile(str(template))}
    have = {e.msgid for e in polib.pofile(str(spanish)) if not e.obsolete}
    missing = sorted(wanted - have)
    assert not missing, f"{len(missing)} terms are not in es.po: {missing[:20]}"


@pytest.mark.parametrize("name", files.NAMES)
def test_country_words_follow_the_template(name):
    """es_MX.po and its like hold only words that differ there from es.po."""
    folder = files.ADDONS[name] / "i18n"
    spanish = {e.msgid: e.msgstr for e in polib.pofile(str(folder / "es.po"))}
    for path in folder.glob("es_*.po"):
        for entry in polib.pofile(str(path)):
            assert entry.msgid in spanish, (
                f"{files.where(path)}: {entry.msgid!r} is gone"
            )
            assert entry.msgstr != spanish[entry.msgid], entry.msgid
