import { startArchive } from './archiveServer';

/** A program of its own for tests that kill it: serves the archive in the folder it is given. */
void startArchive(process.argv[2]).then(({ root }) => process.stdout.write(`${root}\n`));
