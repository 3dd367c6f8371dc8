export { readForeign } from './readForeign';
