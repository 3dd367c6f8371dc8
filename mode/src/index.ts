const mode = { id: '@second-reader/mode', modeFactory: () => ({}) };
export default mode;
