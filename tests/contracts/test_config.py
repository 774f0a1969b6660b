"""What every `config` keeps."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

import msgspec
import pytest

from hookspecs import Fact, Part, Undo, owner
from tools.config import register_tools
from tools.config.contract import Config, SettingError
from tools.config.environ_config import EnvironConfig

Make = Callable[[Mapping[str, str]], EnvironConfig]


class GreetSettings(msgspec.Struct, frozen=True, rename="upper", kw_only=True):
    greet_timeout_s: Annotated[float, msgspec.Meta(description="how long to wait, in seconds", gt=0)] = 2.5
    greet_names: list[str] = msgspec.field(default_factory=list)
    greet_tone: Literal["warm", "cold"] = "warm"
    greet_key: str


@pytest.fixture(params=[EnvironConfig], ids=["environ"])
def make(request: pytest.FixtureRequest) -> Make:
    work: Make = request.param
    return work


def read_as(name: str, config: Config, settings: type[msgspec.Struct] = GreetSettings) -> Undo:
    """Read settings as the kernel lets the plugin `name` do it; what undoes it is returned."""
    undo = Undo()
    token = owner.set(Part(name, "greet.py", undo))
    try:
        config.read(settings)
    finally:
        owner.reset(token)
    return undo


def test_settings_are_converted_and_defaults_fill_the_rest(make: Make) -> None:
    config = make({"GREET_TIMEOUT_S": "0.5", "GREET_KEY": "k", "PATH": "/bin"})
    token = owner.set(Part("users.greet", "greet.py", Undo()))

    settings = config.read(GreetSettings)

    owner.reset(token)
    assert settings == GreetSettings(greet_timeout_s=0.5, greet_key="k")


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"GREET_KEY": "k", "GREET_TIMEOUT_S": "soon"}, "GREET_TIMEOUT_S"),
        ({"GREET_KEY": "k", "GREET_TIMEOUT_S": "-1"}, "GREET_TIMEOUT_S"),
        ({"GREET_KEY": "k", "GREET_TONE": "loud"}, "GREET_TONE"),
        ({}, "GREET_KEY"),
    ],
    ids=["no number", "out of bounds", "no choice", "missing"],
)
def test_a_wrong_setting_is_refused_with_its_name_and_who_reads_it(
    make: Make, environ: dict[str, str], name: str
) -> None:
    with pytest.raises(SettingError, match=rf"^users\.greet has a wrong setting, .*{name}.*: correct it"):
        read_as("users.greet", make(environ))


def test_reading_outside_a_hook_is_refused_and_recorded_nowhere(make: Make) -> None:
    config = make({"GREET_KEY": "k"})

    with pytest.raises(RuntimeError, match="outside a hook"):
        config.read(GreetSettings)

    assert list(config.describe()) == []


def test_what_was_read_is_described_under_its_owner_without_any_value(make: Make) -> None:
    config = make({"GREET_KEY": "canary-1", "GREET_TIMEOUT_S": "77"})

    read_as("users.greet", config)
    read_as("users.greet", config)

    facts = list(config.describe())
    assert facts == [
        Fact(
            "setting",
            "users.greet",
            "GREET_TIMEOUT_S",
            "how long to wait, in seconds",
            {"type": "float", "default": 2.5, "required": False},
        ),
        Fact("setting", "users.greet", "GREET_NAMES", "", {"type": "list[str]", "default": [], "required": False}),
        Fact(
            "setting",
            "users.greet",
            "GREET_TONE",
            "",
            {"type": "Literal['warm', 'cold']", "default": "warm", "required": False},
        ),
        Fact("setting", "users.greet", "GREET_KEY", "", {"type": "str", "default": None, "required": True}),
    ]
    assert "canary-1" not in repr(facts) and "77" not in repr(facts)


def test_settings_of_an_undone_plugin_are_described_no_more(make: Make) -> None:
    config = make({"GREET_KEY": "k"})
    undo = read_as("users.greet", config)
    read_as("users.part", config)

    undo.close()

    assert {fact.owner for fact in config.describe()} == {"users.part"}


def test_one_setting_is_text_or_its_default(make: Make) -> None:
    config = make({"GREET_KEY": "k", "GREET_EMPTY": ""})

    found = [config.get("GREET_KEY"), config.get("GREET_EMPTY", "x"), config.get("NO"), config.get("NO", "x")]

    assert found == ["k", "", None, "x"]


def test_a_later_change_of_the_environment_changes_nothing(make: Make) -> None:
    environ = {"GREET_KEY": "before"}
    config = make(environ)

    environ["GREET_KEY"] = "after"

    assert config.get("GREET_KEY") == "before"


def test_the_offered_config_reads_what_the_app_was_created_with() -> None:
    (tool,) = register_tools()

    config = tool.factory({"GREET_KEY": "k"})

    assert (tool.name, tool.contract) == ("config", Config)
    assert isinstance(config, EnvironConfig) and config.get("GREET_KEY") == "k"
