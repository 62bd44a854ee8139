"""The TypeScript client and the example of the documentation, against a running installation."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import ROOT, Installation, Person

pytestmark = pytest.mark.e2e

CLIENT = ROOT / "clients" / "typescript"
COMPILER = CLIENT / "node_modules" / ".bin" / "tsc"
NODE_TIMEOUT_S = 120

Problem = dict[str, int]


@pytest.fixture(scope="module", autouse=True)
def _compiled_client() -> None:
    assert COMPILER.exists(), "run ./manage-code-execution.sh client, which installs the compiler"
    subprocess.run([COMPILER], cwd=CLIENT, check=True)


def run(script: str, **given: object) -> Any:
    """Run the body of a function of the client and of what is given; give what it returns."""
    module = f"""
        import * as client from "code-contest-client";
        const given = JSON.parse(process.argv[1]);
        const api = client.createClient({{
            baseUrl: given.url, accessToken: () => given.token
        }});
        const log = console.log;
        console.log = console.error;
        const result = await (async () => {{ {script} }})();
        log(JSON.stringify(result ?? null));
    """
    done = subprocess.run(
        ["node", "--input-type=module", "--eval", module, json.dumps(given)],
        cwd=CLIENT,
        capture_output=True,
        text=True,
        timeout=NODE_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def token_of(person: Person) -> str:
    return person.http.headers["Authorization"].removeprefix("Bearer ")


def test_the_documented_example_takes_part_in_a_contest(
    stack: Installation, alice: Person, bob: Person, problem: Problem
) -> None:
    # The newest contest is the first of the list, whatever other tests have made before.
    contest = bob.post(
        "/api/code-execution/contests/",
        {"title": "Example cup", "problems": [{"problem": problem["problem"], "order": 1}]},
    )

    result = run(
        """
        const { takePart } = await import("./dist/examples/contest.js");
        return takePart(given.url, given.username, given.password);
        """,
        url=stack.backend_url,
        username=alice.username,
        password=alice.password,
    )

    assert result["contest"]["id"] == contest["id"]
    assert result["judged"]["verdict"] == "AC"
    assert result["row"]["rank"] == 1


def test_an_unchanged_board_is_not_sent_again(
    stack: Installation, alice: Person, problem: Problem
) -> None:
    is_same = run(
        """
        const statuses = [];
        api.use({ onResponse({ response }) { statuses.push(response.status); } });
        const board = new client.Scoreboard(api, given.contest);
        const [first, second] = [await board.read(), await board.read()];
        return [first === second, statuses];
        """,
        url=stack.backend_url,
        token=token_of(alice),
        contest=problem["contest"],
    )

    assert is_same == [True, [200, 304]]


def test_a_submission_that_is_sent_again_with_its_key_is_made_once(
    stack: Installation, alice: Person, problem: Problem
) -> None:
    first, again, another = run(
        """
        const send = async (header) => (await client.unwrap(
            api.POST("/api/code-execution/submissions/", {
                params: { header },
                body: { problem: given.problem, contest: given.contest, language: "python",
                        code: "print(3)" },
            }))).id;
        const key = client.idempotencyKey();
        return [await send(key), await send(key), await send(client.idempotencyKey())];
        """,
        url=stack.backend_url,
        token=token_of(alice),
        **problem,
    )

    assert first == again != another


def test_goes_through_a_list_from_page_to_page(
    stack: Installation, alice: Person, bob: Person, problem: Problem
) -> None:
    second = bob.post("/api/code-execution/contests/", {"title": "Second cup"})["id"]

    found = run(
        """
        const ids = [];
        const pages = client.itemsOf((query) => api.GET("/api/code-execution/contests/", {
            params: { query: { ...query, page_size: 1 } },
        }));
        for await (const contest of pages) ids.push(contest.id);
        return ids;
        """,
        url=stack.backend_url,
        token=token_of(alice),
    )

    assert {problem["contest"], second} <= set(found)  # other tests here make contests too
    assert len(found) == len(set(found))


def test_turns_over_the_pages_of_a_list_that_has_no_numbers(
    stack: Installation, alice: Person, problem: Problem
) -> None:
    made = [alice.submit(code="print(1)", language="python", **problem) for _ in range(3)]

    found = run(
        """
        const ids = [];
        const pages = client.itemsOf((query) => api.GET(
            "/api/code-execution/contests/{id}/submissions/",
            { params: { path: { id: given.contest }, query: { ...query, page_size: 1 } } },
        ));
        for await (const submission of pages) ids.push(submission.id);
        return ids;
        """,
        url=stack.backend_url,
        token=token_of(alice),
        contest=problem["contest"],
    )

    assert found[:3] == sorted(made, reverse=True)
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    ("call", "refusal"),
    [
        ('api.GET("/api/auth/me/")', [401, "unauthenticated", []]),
        (
            'api.POST("/api/auth/register/", { body: { email: "no" } })',
            [400, "invalid", ["email", "password", "username"]],
        ),
        ('api.GET("/api/nothing/")', [404, "not-found", []]),
    ],
)
def test_a_refusal_is_an_error_with_its_code(
    stack: Installation, call: str, refusal: list[Any]
) -> None:
    caught = run(
        f"""
        try {{ await client.unwrap({call}); }} catch (error) {{
            if (!(error instanceof client.ApiError)) throw error;
            return [error.status, error.code, Object.keys(error.fields).sort()];
        }}
        """,
        url=stack.backend_url,
    )

    assert caught == refusal


def test_the_documentation_shows_the_example_that_is_checked_and_run() -> None:
    example = (CLIENT / "examples" / "contest.ts").read_text()
    page = Path(ROOT, "docs", "frontend.md").read_text()

    assert f"```ts\n{example}```" in page
