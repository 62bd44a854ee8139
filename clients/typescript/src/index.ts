/** A typed client of the platform's API; `schema.ts` is generated from its OpenAPI document. */

import createFetchClient, { type Client } from "openapi-fetch";

import type { components, paths } from "./schema.js";

export type Schemas = components["schemas"];
export type ErrorCode = Schemas["ErrorCodeEnum"];
export type Api = Client<paths>;

export interface ClientOptions {
  /** Where the backend answers, such as `https://contests.example.org`. */
  baseUrl: string;
  /** Gives the access token of every request; a browser may leave it to the cookie. */
  accessToken?: () => string | undefined;
}

/** Make a client: `api.GET(path, options)`, `api.POST(...)`, each with the types of its path. */
export function createClient({ baseUrl, accessToken }: ClientOptions): Api {
  const api = createFetchClient<paths>({ baseUrl });
  api.use({
    onRequest({ request }) {
      const token = accessToken?.();
      if (token !== undefined) request.headers.set("Authorization", `Bearer ${token}`);
    },
  });
  return api;
}

/** A request that was refused: `message` is for people, `code` for programs, `fields` for forms. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: ErrorCode | undefined;
  readonly fields: Schemas["FieldErrors"];
  readonly retryAfterSeconds: number | undefined;

  constructor(response: Response, body: unknown) {
    const refusal = isRefusal(body) ? body : undefined;
    const fields = refusal === undefined && isObject(body) ? (body as Schemas["FieldErrors"]) : {};
    const wrong = Object.keys(fields).join(", ");
    super(refusal?.detail ?? (wrong ? `Not valid: ${wrong}` : `The server said ${response.status}.`));
    this.status = response.status;
    this.code = refusal?.code ?? (wrong ? "invalid" : undefined);
    this.fields = fields;
    const seconds = Number.parseInt(response.headers.get("Retry-After") ?? "", 10);
    this.retryAfterSeconds = Number.isNaN(seconds) ? undefined : seconds;
  }
}

function isObject(body: unknown): body is Record<string, unknown> {
  return typeof body === "object" && body !== null && !Array.isArray(body);
}

function isRefusal(body: unknown): body is Schemas["Refusal"] {
  return isObject(body) && typeof body["detail"] === "string";
}

/** What `api.GET` and the others resolve to. */
export interface Answer<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** Wait for an answer and give what is in it, or throw an `ApiError`. */
export async function unwrap<Data>(answer: Promise<Answer<Data>>): Promise<Data> {
  const { data, error, response } = await answer;
  if (!response.ok) throw new ApiError(response, error);
  return data as Data;
}

/** Which page of a list: by number, or where the last one ended. */
export interface PageQuery {
  page?: number | undefined;
  cursor?: string | undefined;
}

export interface Page<Item> {
  next: string | null;
  results: Item[];
}

/** Go through a list from page to page, asking for each when it is needed. */
export async function* itemsOf<Item>(
  readPage: (query: PageQuery) => Promise<Answer<Page<Item>>>,
): AsyncGenerator<Item, void> {
  let next: string | null = null;
  do {
    const query: URLSearchParams = next === null ? new URLSearchParams() : new URL(next).searchParams;
    const number = query.get("page");
    const page: Page<Item> = await unwrap(
      readPage({
        page: number === null ? undefined : Number(number),
        cursor: query.get("cursor") ?? undefined,
      }),
    );
    yield* page.results;
    next = page.next;
  } while (next !== null);
}

/**
 * Make the header of a request that may be sent again, with the same header, without being done
 * again. The key has to be new but no secret, so it comes without `crypto`, which browsers
 * withhold from pages without HTTPS.
 */
export function idempotencyKey(): { "Idempotency-Key": string } {
  const random = () => Math.random().toString(36).slice(2);
  return { "Idempotency-Key": `${Date.now().toString(36)}-${random()}${random()}` };
}

/** A contest's scoreboard, of which only changes are sent. */
export class Scoreboard {
  #etag: string | null = null;
  #board: Schemas["Board"] | undefined;

  constructor(
    private readonly api: Api,
    private readonly contestId: number,
  ) {}

  /** Read the board: the same object as last time as long as nothing has changed. */
  async read(): Promise<Schemas["Board"]> {
    const { data, error, response } = await this.api.GET(
      "/api/code-execution/contests/{id}/scoreboard/",
      {
        params: { path: { id: this.contestId } },
        headers: this.#etag === null ? {} : { "If-None-Match": this.#etag },
      },
    );
    if (response.status === 304 && this.#board !== undefined) return this.#board;
    if (data === undefined) throw new ApiError(response, error);
    this.#etag = response.headers.get("ETag");
    this.#board = data;
    return data;
  }
}
