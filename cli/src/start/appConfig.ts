/** The site's level (see the design: what is stored at each). */
export const MATURITIES = ['research', 'production', 'feedback'] as const;
export type Maturity = (typeof MATURITIES)[number];

export const DICOM_WEB_PATH = '/dicom-web';
export const PLUGIN_PATH = '/second-reader';
export const MODEL_INDEX_PATH = `${PLUGIN_PATH}/models/index.json`;

export interface AppConfigOptions {
  maturity: Maturity;
  /** Shown as the data source's name. */
  archiveName: string;
  /** Whether people may add studies to the archive from the study list. */
  uploadEnabled: boolean;
}

/**
 * `app-config.js` of a stock OHIF 3.11–3.14 that loads the plugin: extension and mode by URL, one
 * DICOMweb data source at the page's own origin, no guided tour and no banner over the page.
 */
export function appConfigScript({
  maturity,
  archiveName,
  uploadEnabled,
}: AppConfigOptions): string {
  const config = {
    name: 'second-reader',
    routerBasename: null,
    extensions: [`${PLUGIN_PATH}/extension.js`],
    modes: [`${PLUGIN_PATH}/mode.js`],
    customizationService: { 'ohif.tours': { $set: [] } },
    showStudyList: true,
    maxNumberOfWebWorkers: 3,
    showWarningMessageForCrossOrigin: false,
    showCPUFallbackMessage: true,
    showLoadingIndicator: true,
    strictZSpacingForVolumeViewport: true,
    experimentalStudyBrowserSort: false,
    groupEnabledModesFirst: true,
    allowMultiSelectExport: false,
    investigationalUseDialog: { option: 'never' },
    maxNumRequests: { interaction: 100, thumbnail: 5, prefetch: 25 },
    showErrorDetails: 'always',
    defaultDataSourceName: 'dicomweb',
    dataSources: [
      {
        namespace: '@ohif/extension-default.dataSourcesModule.dicomweb',
        sourceName: 'dicomweb',
        configuration: {
          friendlyName: archiveName,
          name: 'second-reader',
          qidoSupportsIncludeField: true,
          supportsReject: false,
          supportsStow: true,
          imageRendering: 'wadors',
          thumbnailRendering: 'wadors',
          enableStudyLazyLoad: true,
          supportsFuzzyMatching: false,
          supportsWildcard: true,
          dicomUploadEnabled: uploadEnabled,
          omitQuotationForMultipartRequest: true,
          singlepart: 'bulkdata,video,pdf',
          bulkDataURI: { enabled: true },
        },
      },
    ],
    secondReader: { maturity, models: [MODEL_INDEX_PATH] },
  };
  return `// Made by "second-reader start"; nothing in the viewer itself is changed.
window.config = ${JSON.stringify(config, null, 2)};
(function () {
  var root = window.location.origin + ${JSON.stringify(DICOM_WEB_PATH)};
  var source = window.config.dataSources[0].configuration;
  source.qidoRoot = root;
  source.wadoRoot = root;
  source.wadoUriRoot = root;
})();
`;
}
