import {
  ApiError,
  createClient,
  idempotencyKey,
  itemsOf,
  Scoreboard,
  unwrap,
  type Schemas,
} from "code-contest-client";

const FINAL: Schemas["SubmissionStatusEnum"][] = ["completed", "error", "cancelled"];

/** Sign in, join the first contest that is open, solve its first problem, and look at the board. */
export async function takePart(baseUrl: string, username: string, password: string) {
  let token: string | undefined;
  const api = createClient({ baseUrl, accessToken: () => token });
  const session = await unwrap(api.POST("/api/auth/token/", { body: { username, password } }));
  token = session.access_token;

  const contest = await findOpenContest();
  const contestPath = { path: { id: contest.id } };
  try {
    await unwrap(
      api.POST("/api/code-execution/contests/{id}/join/", {
        params: contestPath,
        body: { access_code: "" },
      }),
    );
  } catch (error) {
    if (error instanceof ApiError && error.code === "contest-full") return undefined;
    throw error;
  }

  const { problems } = await unwrap(
    api.GET("/api/code-execution/contests/{id}/", { params: contestPath }),
  );
  const first = problems[0];
  if (first === undefined) throw new Error("The contest has no problems.");
  const problem = await unwrap(
    api.GET("/api/code-execution/problems/{id}/", { params: { path: { id: first.problem } } }),
  );
  console.log(`${first.label}. ${problem.title} (${problem.time_limit_ms} ms)`);

  const submission = await unwrap(
    api.POST("/api/code-execution/submissions/", {
      params: { header: idempotencyKey() },
      body: {
        contest: contest.id,
        problem: problem.id,
        language: "python",
        code: "print(sum(map(int, input().split())))",
      },
    }),
  );
  const judged = await waitForVerdict(submission.id);
  console.log(`${judged.verdict}: ${judged.test_results?.length ?? 0} tests shown`);

  const board = await new Scoreboard(api, contest.id).read();
  const row = board.rows.find((each) => each.username === username);
  console.log(`rank ${row?.rank ?? "-"} with ${row?.score ?? 0}`);
  return { contest, problem, judged, row };

  async function findOpenContest(): Promise<Schemas["Contest"]> {
    const pages = itemsOf((query) =>
      api.GET("/api/code-execution/contests/", { params: { query } }),
    );
    for await (const each of pages) {
      if (each.phase === "running" && each.access === "open") return each;
    }
    throw new Error("No contest is open.");
  }

  async function waitForVerdict(id: number): Promise<Schemas["Submission"]> {
    for (;;) {
      const seen = await unwrap(
        api.GET("/api/code-execution/submissions/{id}/", { params: { path: { id } } }),
      );
      if (FINAL.includes(seen.status)) return seen;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
