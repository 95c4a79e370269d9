/** What the decoder has as a worker and a page has not. */
declare function importScripts(...urls: string[]): void;
