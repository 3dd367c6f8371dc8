/** The build that is served where none is named. */
export const DEFAULT_OHIF_VERSION = '3.13.2';

/**
 * The `@ohif/app` builds this project is tested on, each with the SHA-512 of its package (as npm
 * writes it): what is fetched is what was tested, whatever a registry hands out.
 */
export const TESTED_OHIF_VERSIONS: Readonly<Record<string, string>> = {
  '3.11.1':
    'sha512-0lJRyHguGuIR06PxeJ3rqnPWf1OAqsaXGuqT2kl5HkNjIOxBDnRTTMvyHnkn3ZyjcHlsIhY8gf0h7AhVORqsSQ==',
  '3.12.10':
    'sha512-0kuF66Mq9c9dMD++bUsTjMrJpXJwaZhz9B4uS244DawAjSkTwIYFU93pxPuRUQixaRi7QAHlF3Fe1qudBlZrmA==',
  '3.13.2':
    'sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA==',
  '3.14.0-beta.6':
    'sha512-QwA0talqhh4VlUR+QgT2t8FP7NpX++4s6Z9Cp5VIcta3JMd2zGBPTp/R9t7JaX0Xi1AHAZAJxTv502R+SawaBg==',
};
