import pytest

from app.config import SettingsError
from tests.unit.execution.conftest import Load


def test_lists_are_separated_by_commas(load: Load) -> None:
    settings = load(
        "API_OPEN_ENDPOINTS=judge, submissions",
        "TRUSTED_PROXIES=10.0.0.1,172.16.0.0/12,::1",
        "JUDGE_CORS_ORIGINS=https://a.example,https://b.example",
    )

    assert settings.api_open_endpoints == ("judge", "submissions")
    assert settings.trusted_proxies == ("10.0.0.1", "172.16.0.0/12", "::1")
    assert settings.judge_cors_origins == ("https://a.example", "https://b.example")


def test_no_door_is_open_unless_it_is_named(load: Load) -> None:
    assert load().api_open_endpoints == ()


def test_redis_may_be_spelled_as_celery_spells_it(load: Load) -> None:
    assert load("REDIS_URL=redis+socket:///run/redis.sock").redis_url == (
        "redis+unix:///run/redis.sock"
    )


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("API_OPEN_ENDPOINTS=judge,cellar", "API_OPEN_ENDPOINTS: knows only judge, submissions"),
        ("TRUSTED_PROXIES=proxy.example", "proxy.example is no IP address or network"),
        ("TRUSTED_PROXIES=10.0.0.1/8", "10.0.0.1/8 is no IP address or network"),
        ("REDIS_URL=localhost:6379", "REDIS_URL: must start with redis://"),
        ("JUDGE_RUN_RATE_LIMIT=often", "JUDGE_RUN_RATE_LIMIT: must look like 50/minute"),
        ("JUDGE_SUBMIT_RATE_LIMIT=5", "JUDGE_SUBMIT_RATE_LIMIT: must look like 50/minute"),
        ("JUDGE_MAX_TIMEOUT_SECONDS=0", "JUDGE_MAX_TIMEOUT_SECONDS: "),
        ("JUDGE_MAX_WAITING_CALLS=-1", "JUDGE_MAX_WAITING_CALLS: "),
    ],
)
def test_a_wrong_value_is_named_together_with_the_rule(
    load: Load, line: str, complaint: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(line)

    assert complaint in str(caught.value)
