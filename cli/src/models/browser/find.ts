import { existsSync } from 'node:fs';
import path from 'node:path';
import { accept, refuse, type Outcome } from '@second-reader/core/outcome';

const NAMES = [
  ...['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser'],
  ...['microsoft-edge', 'msedge.exe', 'chrome.exe'],
];

const places = (env: NodeJS.ProcessEnv): string[] => [
  ...(env.PATH ?? '')
    .split(path.delimiter)
    .filter(Boolean)
    .flatMap(folder => NAMES.map(name => path.join(folder, name))),
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ...[env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA]
    .filter(folder => folder !== undefined)
    .flatMap(folder => [
      path.join(folder, 'Google/Chrome/Application/chrome.exe'),
      path.join(folder, 'Microsoft/Edge/Application/msedge.exe'),
    ]),
];

/**
 * Chrome, Chromium or Edge: the one given, the one in SECOND_READER_CHROMIUM, or the first in the usual
 * places. Refuses `browserMissing`.
 */
export const findBrowser = (
  given: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Outcome<string> => {
  const named = given ?? env.SECOND_READER_CHROMIUM;
  const found = named ? [named].find(existsSync) : places(env).find(existsSync);
  return found
    ? accept(found)
    : refuse(
        'browserMissing',
        named
          ? `${named} is not there; --browser names Chrome, Chromium or Edge.`
          : 'no Chrome, Chromium or Edge was found; --browser <path> names one.',
        { path: named ?? '' },
      );
};
