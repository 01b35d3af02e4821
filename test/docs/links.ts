import { existsSync, readFileSync } from 'node:fs';

const ROOT = new URL('../../../', import.meta.url);

/** Links of a page that lead nowhere: to a file that is not there, or to a heading the file does not have. Those to other hosts are left alone. */
export function brokenLinks(page: string): string[] {
  const at = new URL(page, ROOT);
  const text = withoutCode(readFileSync(at, 'utf8'));
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|href)="([^"]+)"/g)].map(
    ([, link, attribute]) => link ?? attribute ?? '',
  );
  return targets.filter((target) => !/^[a-z]+:/.test(target) && !leadsSomewhere(target, at));
}

function leadsSomewhere(target: string, from: URL): boolean {
  const url = new URL(target, from);
  const anchor = url.hash.slice(1);
  url.hash = '';
  if (!existsSync(url)) return false;
  return anchor === '' || anchorsOf(readFileSync(url, 'utf8')).has(anchor);
}

/** Of the headings, as GitHub makes them. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...withoutCode(markdown).matchAll(/^#+ +(.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

function withoutCode(markdown: string): string {
  return markdown.replaceAll(/^( *)(`{3,})[\s\S]*?^ *\2$/gm, '');
}
