import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { launchChromium, withoutChromium } from '../../../support/chromium.js';
import { type TestDatabase, testDatabase } from '../../../support/database.js';
import { partitionStatus } from '../../fixtures.js';
import { seedDatabase } from '../seed.js';
import { type DashboardStage, dashboardStage } from '../stage.js';

const TOKEN = 'a-token-of-some-length';
const WAIT = { timeout: 120_000 };
const LAPTOP = { viewport: { width: 1280, height: 800 } };
const PHONE = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 3, isMobile: true, hasTouch: true };

describe('the page in a browser', { skip: withoutChromium() }, () => {
  let browser: Browser;
  let database: TestDatabase;
  let stage: DashboardStage;
  /** What a browser had to complain about. */
  let complaints: string[] = [];

  before(async () => {
    browser = await launchChromium();
    database = await testDatabase();
    await seedDatabase(database);
    stage = await dashboardStage({ databaseUrl: database.url });
    stage.metrics.messagesProcessed.inc({ topic: 't' }, 1_000);
    stage.metrics.deadLetters.inc({ reason: 'truncated' }, 3);
    stage.metrics.endToEndLatency.observe(0.04);
    stage.metrics.processingDuration.observe({ topic: 't', stage: 'decode' }, 0.002);
  });
  beforeEach(() => {
    complaints = [];
    stage.status({});
  });
  after(async () => {
    await browser?.close();
    await stage?.close();
    await database?.drop();
  });

  async function open(options: BrowserContextOptions = LAPTOP, address = stage.base): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    page.setDefaultTimeout(WAIT.timeout);
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('request', (request) => {
      if (!/^(data:|http:\/\/127\.0\.0\.1:)/.test(request.url())) complaints.push(`asks for ${request.url()}`);
    });
    await page.goto(address);
    return page;
  }

  /** With the figures of a first report on it. */
  async function openLive(options: BrowserContextOptions = LAPTOP): Promise<Page> {
    const page = await open(options);
    await page.waitForSelector('[data-connection="live"]', WAIT);
    return page;
  }

  async function untilText(page: Page, selector: string, text: RegExp): Promise<void> {
    await page
      .locator(selector)
      .filter({ hasText: text })
      .first()
      .waitFor({ ...WAIT, state: 'attached' });
  }

  it('shows the state in words, the figures, the trades, the partitions and their owners, without a complaint', async () => {
    const page = await openLive();
    await untilText(page, '#state-title', /^Keeping up$/);
    await untilText(page, '#lag', /^10$/);
    await untilText(page, '#newest tr:first-child', /BONK \/ WSOL.*buy.*0\.0₄219.*\$20\.00.*pump amm/);
    assert.equal(await page.locator('#newest tr').count(), 12);
    await untilText(page, '#partitions tr:nth-child(1)', /^010100110this engine$/);
    await untilText(page, '#partitions tr:nth-child(2)', /host-2-fedcba/);
    await untilText(page, '#letters', /truncated.*3.*cut off: second/s);
    await untilText(page, '#parts', /PostgreSQL.*answers.*circuit breaker closed.*1 of 2 busy.*3 slabs wait.*Gaps/s);
    assert.doesNotMatch((await page.locator('#parts').textContent()) ?? '', /Redis/, 'where there is none');
    await untilText(page, '#latencies', /Kafka to commit.*Decoding/s);
    await untilText(page, '#identity', /solana\.dextrades\.proto · group · green/);
    await untilText(page, '#about', /1\.2\.3.*over (node:http|native)/);
    assert.equal(await page.title(), 'Keeping up · Solana Trades Engine');
    assert.deepEqual(complaints, []);
    await page.context().close();
  });

  it('follows the engine by itself', async () => {
    const page = await openLive();
    await untilText(page, '#state-title', /^Keeping up$/);
    stage.status({
      database: { reachable: false, unreachableSince: 0, breaker: 'open', breakerOpenSince: Date.now() - 5_000 },
      partitions: [partitionStatus({ lag: 4_321, highWatermark: 4_421 })],
      workers: { threads: 2, busy: 2, queued: 0, restarts: 7 },
      redis: {
        connected: true,
        breaker: 'closed',
        breakerOpenSince: null,
        bufferBytes: 0,
        published: 1_234,
        dropped: 56,
      },
    });
    await untilText(page, '#state-title', /^Database away$/);
    await untilText(page, '#state-text', /Nothing is lost/);
    await untilText(page, '#lag', /^4,321$/);
    await untilText(page, '#parts', /circuit breaker open.*7 restarts.*Redis.*1,234 published.*56 dropped/s);
    assert.equal(await page.locator('#state').getAttribute('data-tone'), 'bad');
    const drawn = (): Promise<string | null> => page.locator('#chart-lag').getAttribute('aria-label');
    assert.match((await drawn()) ?? '', /^Messages not landed: now 4,321, between /);
    stage.status({ state: 'draining' });
    await untilText(page, '#announcement', /^Draining\. Takes no more messages/);
    await page.context().close();
  });

  it('draws as sharp as the screen is', async () => {
    const page = await openLive({ ...LAPTOP, deviceScaleFactor: 2 });
    await page.waitForFunction("document.getElementById('chart-lag').width > 0", undefined, WAIT);
    const size = await page.locator('#chart-throughput').evaluate((canvas: unknown) => {
      const { width, clientWidth, height, clientHeight } = canvas as Record<string, number>;
      return [width! / clientWidth!, height! / clientHeight!];
    });
    for (const ratio of size) assert.ok(Math.abs(ratio - 2) < 0.02, String(size));
    await page.context().close();
  });

  it('says when the connection is lost, what its figures are worth then, and goes on by itself', async () => {
    const doomed = await dashboardStage({ databaseUrl: database.url });
    const page = await open(LAPTOP, doomed.base);
    await page.waitForSelector('[data-connection="live"]', WAIT);
    await untilText(page, '#state-title', /^Keeping up$/);
    await doomed.close();
    await page.waitForSelector('[data-connection="lost"]', WAIT);
    await untilText(page, '#connection', /^Connection lost$/);
    await untilText(
      page,
      '#lost',
      /connection to the engine is lost.*What stands here is from \d\d:\d\d:\d\d.*tries again/s,
    );
    await untilText(page, '#state-title', /^Keeping up$/);
    const again = await dashboardStage({ databaseUrl: database.url, port: doomed.port });
    await page.waitForSelector('[data-connection="live"]', WAIT);
    assert.equal(await page.locator('#lost').isVisible(), false);
    again.status({ partitions: [] });
    await untilText(page, '#state-title', /^Standing by$/);
    await page.context().close();
    await again.close();
  });

  it('asks now and then where no stream is to be had', async () => {
    const streams = await Promise.all(Array.from({ length: 16 }, () => fetch(`${stage.base}events`)));
    const page = await open();
    await page.waitForSelector('[data-connection="polling"]', WAIT);
    await untilText(page, '#state-title', /^Keeping up$/);
    await untilText(page, '#lag', /^10$/);
    await page.context().close();
    await Promise.all(streams.map((stream) => stream.body?.cancel()));
  });

  it('has names and an order for whoever hears it', async () => {
    const page = await openLive();
    const main = page.getByRole('main');
    for (const name of ['State of the engine', 'Key figures', 'The last ten minutes', 'Newest trades', 'Partitions']) {
      await main.getByRole('region', { name, exact: true }).waitFor(WAIT);
    }
    await page.getByRole('banner').getByRole('heading', { level: 1, name: 'Solana Trades Engine' }).waitFor(WAIT);
    await page.getByRole('contentinfo').getByRole('link', { name: 'status as JSON' }).waitFor(WAIT);
    for (const name of ['Messages per second', 'Messages not landed', 'Median latency']) {
      await page.getByRole('img', { name: new RegExp(`^${name}`) }).waitFor(WAIT);
    }
    const trades = page.getByRole('table', { name: 'The newest trades in the database' });
    for (const name of ['Time', 'Market', 'Side', 'Price', 'USD', 'Venue']) {
      await trades.getByRole('columnheader', { name, exact: true }).waitFor(WAIT);
    }
    const partitions = page.getByRole('table', { name: /^Partitions of the topic/ });
    await partitions.getByRole('rowheader', { name: '0', exact: true }).waitFor(WAIT);
    // Only what an operator must hear is said aloud, and not every second.
    const live = await page
      .locator('[aria-live], [role="status"], [role="alert"]')
      .evaluateAll((all: unknown[]) => all.map((element) => (element as { id: string }).id));
    assert.deepEqual(live.sort(), ['announcement', 'connection', 'lost-title']);
    await page.context().close();
  });

  it('is used with the keyboard alone', async () => {
    const page = await openLive({ ...LAPTOP, colorScheme: 'light' });
    const focused = (): Promise<string> =>
      page.evaluate('document.activeElement.id || document.activeElement.textContent');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Skip to the figures');
    await page.keyboard.press('Enter');
    assert.equal(await focused(), 'main');
    await page.keyboard.press('Shift+Tab');
    assert.equal(await focused(), 'theme');
    const theme = (): Promise<string | null> => page.locator('html').getAttribute('data-theme');
    for (const expected of ['light', 'dark', null]) {
      await page.keyboard.press('Enter');
      assert.equal(await theme(), expected);
    }
    assert.match((await page.locator('#theme').getAttribute('aria-label')) ?? '', /Auto theme, change$/);
    await page.context().close();
  });

  it('is light or dark as the system is, unless told otherwise, and remembers that', async () => {
    const background = (page: Page): Promise<string> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor');
    const dark = await openLive({ ...LAPTOP, colorScheme: 'dark' });
    const light = await openLive({ ...LAPTOP, colorScheme: 'light' });
    assert.equal(await background(dark), 'rgb(12, 15, 20)');
    assert.equal(await background(light), 'rgb(245, 246, 248)');
    await dark.getByRole('button', { name: /theme/ }).click();
    assert.equal(await background(dark), 'rgb(245, 246, 248)');
    await dark.reload();
    assert.equal(await background(dark), 'rgb(245, 246, 248)');
    assert.deepEqual(complaints, []);
    await Promise.all([dark, light].map((page) => page.context().close()));
  });

  it('fits a phone without being pushed sideways, and says the same there', async () => {
    const page = await openLive(PHONE);
    await untilText(page, '#newest tr:first-child', /BONK \/ WSOL/);
    const [width, visible] = (await page.evaluate('[document.documentElement.scrollWidth, innerWidth]')) as number[];
    assert.equal(width, visible);
    const first = page.locator('#newest tr').first();
    const line = first.locator('.narrow');
    assert.deepEqual([await line.isVisible(), await line.textContent()], [true, 'buy pump amm']);
    assert.equal(await first.locator('td').last().isVisible(), false);
    await page.context().close();
  });

  it('stands still for whoever asked for less motion', async () => {
    const page = await openLive({ ...LAPTOP, reducedMotion: 'reduce' });
    const transition = await page.evaluate("getComputedStyle(document.querySelector('.bar i')).transitionDuration");
    assert.equal(transition, '0s');
    await page.context().close();
  });

  it('asks for the token where one is set, and keeps it out of the address', async () => {
    const locked = await dashboardStage({ databaseUrl: database.url, token: TOKEN });
    const page = await open(LAPTOP, locked.base);
    await page.getByLabel('Token').fill('not-the-token-at-all');
    await page.keyboard.press('Enter');
    await untilText(page, '#answer', /That is not the token/);
    await page.getByLabel('Token').fill(TOKEN);
    await page.getByRole('button', { name: 'Show the page' }).click();
    await page.waitForSelector('[data-connection="live"]', WAIT);
    assert.equal(page.url(), locked.base);
    assert.deepEqual(await page.evaluate('document.cookie'), '');
    const linked = await open(LAPTOP, `${locked.base}?token=${TOKEN}`);
    await linked.waitForSelector('[data-connection="live"]', WAIT);
    assert.equal(linked.url(), locked.base);
    await Promise.all([page, linked].map((one) => one.context().close()));
    await locked.close();
  });
});
