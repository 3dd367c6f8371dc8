/** A stylesheet as text: css-loader with `exportType: 'string'`. */
declare module '*.css' {
  const stylesheet: string;
  export default stylesheet;
}
