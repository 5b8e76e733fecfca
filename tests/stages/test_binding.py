import pytest

from hotarea.domain.errors import GateError
from hotarea.domain.model_features import FEATURE_SERVICE
from hotarea.domain.settings import Settings
from hotarea.stages import binding
from hotarea.stores import definitions, registry


@pytest.fixture
def tags(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a model version is tagged with."""
    found: dict[str, str] = {}
    monkeypatch.setattr(registry, "tags", lambda _settings, _version: found)
    return found


def test_a_model_is_used_with_what_it_was_trained_on(settings: Settings, tags: dict[str, str]) -> None:
    definitions.apply(settings)
    tags[binding.FINGERPRINT] = definitions.fingerprint(settings, FEATURE_SERVICE)

    binding.check(settings, 3, FEATURE_SERVICE)
    binding.check_defined(settings, 3, FEATURE_SERVICE)


def test_a_model_is_not_used_with_another_definition(settings: Settings, tags: dict[str, str]) -> None:
    tags[binding.FINGERPRINT] = "another"

    with pytest.raises(GateError, match=rf"version 3 was trained on {FEATURE_SERVICE} as another, which reads \w+ now"):
        binding.check(settings, 3, FEATURE_SERVICE)


def test_models_from_before_this_was_remembered_are_used(settings: Settings, tags: dict[str, str]) -> None:
    binding.check(settings, 3, FEATURE_SERVICE)
