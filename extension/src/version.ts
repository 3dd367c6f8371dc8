import packageJson from '../package.json';

/** What evidence names as the software's version (Software Versions, 0018,1020). */
export const SOFTWARE_VERSION = packageJson.version;

/** Manufacturer (0008,0070) of all that we write; evidence is known as ours by it. */
export const MANUFACTURER = 'Second Reader';
