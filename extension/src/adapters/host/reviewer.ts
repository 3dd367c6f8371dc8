import { z } from 'zod';
import { UNKNOWN_READER } from '../../core/review/types';
import type { HostManagers } from '../../types/host';

/** OpenID Connect's standard claims (Core 5.1), as the host keeps them after a login. */
const user = z.looseObject({
  profile: z
    .looseObject({
      name: z.string().optional(),
      preferred_username: z.string().optional(),
      email: z.string().optional(),
    })
    .optional(),
  name: z.string().optional(),
});

/** Who is at the workstation: the login's name, else the site's setting, else “Unknown reader”. */
export function reviewerName(managers: HostManagers, configured: string | undefined): string {
  const { userAuthenticationService } = managers.servicesManager.services;
  const parsed = user.safeParse(userAuthenticationService.getUser() ?? {});
  const login = parsed.success ? parsed.data : {};
  const names = [
    login.profile?.name,
    login.name,
    login.profile?.preferred_username,
    login.profile?.email,
    configured,
  ];
  return names.find(name => name !== undefined && name.trim() !== '') ?? UNKNOWN_READER;
}
