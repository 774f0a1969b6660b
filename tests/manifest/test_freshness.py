from tests.manifest.made_up import ROOT, python


def test_the_committed_manifest_and_settings_are_what_stands() -> None:
    done = python(ROOT, "-m", "manifest", "check")

    assert done.stdout == ""
    assert done.returncode == 0, done.stderr
