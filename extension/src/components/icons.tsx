import type { ReactNode, SVGProps } from 'react';

/** Line drawings on a 24 × 24 grid, in the weight of the host's own icons. */
const DRAWINGS = {
  accept: <path d="M5 12.5l4.5 4.5L19 7.5" />,
  reject: <path d="M6.5 6.5l11 11M17.5 6.5l-11 11" />,
  reopen: (
    <>
      <path d="M5 12a7.5 7.5 0 1 0 2.4-5.5" />
      <path d="M4.5 3.5v4h4" />
    </>
  ),
  next: (
    <>
      <path d="M4 12h12" />
      <path d="M11.5 7l5 5-5 5" />
      <path d="M20.5 6v12" />
    </>
  ),
  shown: (
    <>
      <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z" />
      <circle cx="12" cy="12" r="2.75" />
    </>
  ),
  hidden: (
    <>
      <path d="M10 5.7c.6-.1 1.3-.2 2-.2 6 0 9.5 6.5 9.5 6.5a17 17 0 0 1-2.4 3.2M6.3 7.4C3.9 9.1 2.5 12 2.5 12s3.5 6.5 9.5 6.5c1.7 0 3.2-.5 4.5-1.2" />
      <path d="M9.9 10.1a2.75 2.75 0 0 0 3.9 3.9" />
      <path d="M3.5 3.5l17 17" />
    </>
  ),
  run: <path d="M8 5.5l10.5 6.5L8 18.5z" />,
  dismiss: <path d="M7 7l10 10M17 7L7 17" />,
  warning: (
    <>
      <path d="M12 4.5L2.9 19.5h18.2z" />
      <path d="M12 10v4.5M12 17v.2" />
    </>
  ),
  info: (
    <>
      <circle cx="12" cy="12" r="8.5" />
      <path d="M12 11.2v5M12 8v.2" />
    </>
  ),
  open: <circle cx="12" cy="12" r="7" strokeDasharray="3 2.5" />,
  compare: (
    <>
      <rect x="3.5" y="5" width="7" height="14" rx="1" />
      <rect x="13.5" y="5" width="7" height="14" rx="1" strokeDasharray="3 2.5" />
    </>
  ),
  collapse: <path d="M7 14l5-5 5 5" />,
  program: (
    <>
      <rect x="7" y="7" width="10" height="10" rx="1.5" />
      <path d="M10 3.5V7M14 3.5V7M10 17v3.5M14 17v3.5M3.5 10H7M3.5 14H7M17 10h3.5M17 14h3.5" />
    </>
  ),
  person: (
    <>
      <circle cx="12" cy="8" r="3.75" />
      <path d="M4.5 20c.6-4 3.6-6 7.5-6s6.9 2 7.5 6" />
    </>
  ),
  retry: (
    <>
      <path d="M19 12a7 7 0 1 1-2.2-5.1" />
      <path d="M19.5 4v4h-4" />
    </>
  ),
  chevron: <path d="M7 10l5 5 5-5" />,
  more: (
    <>
      <circle cx="5.5" cy="12" r="0.75" />
      <circle cx="12" cy="12" r="0.75" />
      <circle cx="18.5" cy="12" r="0.75" />
    </>
  ),
  archive: (
    <>
      <rect x="3.5" y="4.5" width="17" height="4.5" rx="1" />
      <path d="M5 9v10.5h14V9M10 13h4" />
    </>
  ),
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof DRAWINGS;

export function Icon({
  name,
  size = 16,
  ...rest
}: { name: IconName; size?: number } & SVGProps<SVGSVGElement>) {
  return (
    <svg
      viewBox="0 0 24 24"
      width={size}
      height={size}
      fill="none"
      stroke="currentColor"
      strokeWidth={1.75}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
      {...rest}
    >
      {DRAWINGS[name]}
    </svg>
  );
}
