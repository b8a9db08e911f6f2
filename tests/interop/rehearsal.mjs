// Starts the rehearsal for a client, and tells what was checked.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";

/** A running rehearsal on an empty world: what it handed out, and `stop()`. */
export async function start(python) {
  const server = spawn(python, ["-m", "console.rehearsal", "--serve", "--customers", "0", "--exit-with-parent"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const line = new Promise((resolve, reject) => {
    createInterface({ input: server.stdout }).once("line", resolve);
    server.once("error", reject);
    server.once("exit", (code) => reject(new Error(`the rehearsal ended with ${code} before it said where it is`)));
  });
  const handout = JSON.parse(await line);
  const stop = async () => {
    server.stdin.end();
    await ended;
  };
  return { handout, stop };
}

/** Counts and prints checks; a difference ends the run. */
export class Checks {
  done = 0;

  /** What `work` answers; its name is printed when nothing in it differed. */
  async of(name, work) {
    const result = await work();
    this.done += 1;
    console.log(`ok  ${name}`);
    return result;
  }
}

export function same(found, wanted, what = "value") {
  if (!isDeepStrictEqual(found, wanted)) {
    throw new Error(`${what}: found ${JSON.stringify(found)}, wanted ${JSON.stringify(wanted)}`);
  }
}

export function holds(truth, what) {
  if (!truth) throw new Error(what);
}

/** What `work` is refused with. */
export async function refused(work) {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error("it should have been refused");
}

/** Signs in at the org's pages as a person does, and returns the code that the callback address would get. */
export async function authorize(address, username, password) {
  const jar = new Map();
  const visit = async (url, options = {}) => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const reply = await fetch(new URL(url, address), { redirect: "manual", ...options, headers: { cookie, ...options.headers } });
    for (const each of reply.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(each);
      jar.set(name, value);
    }
    return reply;
  };
  const send = async (page, values) => {
    const text = await page.text();
    const plain = (html) => html.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#x27;", "'");
    const [, action] = /<form [^>]*action="([^"]*)"/.exec(text);
    const form = new URLSearchParams(values);
    for (const [, name, value] of text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)) {
      form.set(name, plain(value));
    }
    return visit(plain(action), { method: "POST", body: form });
  };
  const sent = await send(await visit(address), { username, pw: password });
  const consent = await visit(sent.headers.get("location"));
  const back = await send(consent, { decision: "allow" });
  return new URL(back.headers.get("location")).searchParams;
}
