/**
 * The few host types we use, declared from what the stock builds 3.11.1–3.14.0-beta.6 do: the
 * published `@ohif/*` packages carry no declarations. Everything optional here is missing in at
 * least one of the builds or states we have met.
 */

export interface Subscription {
  unsubscribe(): void;
}

export interface PubSub {
  EVENTS: Record<string, string>;
  subscribe(event: string, listener: (data: unknown) => void): Subscription;
}

/** Attributes of one instance, naturalised by the host (dcmjs names), and the host's own additions. */
export interface HostInstance extends Record<string, unknown> {
  SOPInstanceUID: string;
  SOPClassUID: string;
  imageId?: string;
}

export interface HostDisplaySet {
  displaySetInstanceUID: string;
  StudyInstanceUID: string;
  SeriesInstanceUID: string;
  SeriesDescription?: string;
  Modality?: string;
  FrameOfReferenceUID?: string;
  imageIds?: string[];
  instances?: HostInstance[];
  images?: HostInstance[];
  isOverlayDisplaySet?: boolean;
  isDerivedDisplaySet?: boolean;
  unsupported?: boolean;
}

export interface DisplaySetService extends PubSub {
  getActiveDisplaySets(): HostDisplaySet[];
  getDisplaySetByUID(displaySetInstanceUID: string): HostDisplaySet | undefined;
}

export interface HostViewport {
  viewportId: string;
  displaySetInstanceUIDs: string[];
  displaySetOptions?: unknown[];
  viewportOptions?: Record<string, unknown>;
  /** Where in the grid: `column-row`. */
  positionId?: string;
}

export interface GridState {
  viewports: Map<string, HostViewport>;
  activeViewportId: string | null;
  layout?: { numRows: number; numCols: number };
  isHangingProtocolLayout?: boolean;
}

export interface ViewportGridService extends PubSub {
  getState(): GridState;
  setLayout?(layout: {
    numRows: number;
    numCols: number;
    /** Places and sizes, as parts of the grid; even ones without it. */
    layoutOptions?: unknown;
    activeViewportId?: string;
    findOrCreateViewport(position: number, positionId: string): HostViewport | undefined;
    isHangingProtocolLayout?: boolean;
  }): Promise<void> | void;
  getLayoutOptionsFromState?(state: GridState): unknown;
  getActiveViewportId(): string | null;
  setActiveViewportId(viewportId: string): void;
}

export interface UINotificationService {
  show(notification: {
    title: string;
    message: string;
    type: 'info' | 'success' | 'warning' | 'error';
    duration?: number;
  }): unknown;
}

export interface UserAuthenticationService {
  getAuthorizationHeader(): Record<string, string> | undefined;
  getUser(): unknown;
}

/** Segments by number, as `segmentationService` takes and gives them. */
export interface HostSegment {
  segmentIndex: number;
  label: string;
  active?: boolean;
  locked?: boolean;
  cachedStats?: Record<string, unknown>;
}

export interface HostSegmentation {
  segmentationId: string;
  label: string;
  segments: Record<number, HostSegment>;
  representationData: { Labelmap?: { imageIds?: string[]; volumeId?: string } };
}

export interface SegmentationRepresentation {
  segmentationId: string;
  type: string;
  visible: boolean;
  segments?: Record<number, { visible: boolean }>;
}

export interface SegmentationService extends PubSub {
  addOrUpdateSegmentation(segmentation: {
    segmentationId: string;
    representation: {
      type: string;
      data: { imageIds: string[]; referencedImageIds: string[] };
    };
    config: {
      label: string;
      segments: Record<number, HostSegment>;
      cachedStats: { info: string };
    };
  }): void;
  addSegmentationRepresentation(
    viewportId: string,
    representation: {
      segmentationId: string;
      type?: string;
      config?: { colorLUTOrIndex: number };
    },
  ): Promise<void>;
  getSegmentation(segmentationId: string): HostSegmentation | undefined;
  getSegmentationRepresentations(
    viewportId: string,
    specifier?: { segmentationId?: string; type?: string },
  ): SegmentationRepresentation[];
  getSegmentColor(
    viewportId: string,
    segmentationId: string,
    segmentIndex: number,
  ): ArrayLike<number> | undefined;
  setSegmentColor(
    viewportId: string,
    segmentationId: string,
    segmentIndex: number,
    color: [number, number, number, number],
  ): void;
  setSegmentVisibility(
    viewportId: string,
    segmentationId: string,
    segmentIndex: number,
    visible: boolean,
    type?: string,
  ): void;
  setActiveSegmentation(viewportId: string, segmentationId: string): void;
  setActiveSegment(segmentationId: string, segmentIndex: number): void;
  remove(segmentationId: string): void;
}

export interface HangingProtocolService {
  /** The viewports to change so that one shows a display set, as the active protocol has it. */
  getViewportsRequireUpdate(viewportId: string, displaySetInstanceUID: string): unknown[];
}

export interface HostServices {
  displaySetService: DisplaySetService;
  hangingProtocolService: HangingProtocolService;
  viewportGridService: ViewportGridService;
  cornerstoneViewportService?: PubSub & {
    getCornerstoneViewport(viewportId: string): unknown;
  };
  segmentationService?: SegmentationService;
  uiNotificationService: UINotificationService;
  userAuthenticationService: UserAuthenticationService;
  [name: string]: unknown;
}

export interface ServicesManager {
  services: HostServices;
  registerService(registration: {
    name: string;
    altName?: string;
    create(configuration: unknown): unknown;
  }): void;
}

export interface CommandsManager {
  runCommand(name: string, options?: Record<string, unknown>, context?: string): unknown;
}

export interface ExtensionManager {
  getActiveDataSource(): Array<{
    getConfig?(): unknown;
    getImageIdsForDisplaySet?(displaySet: HostDisplaySet): string[];
  }>;
  getModuleEntry(id: string): { exports?: unknown; component?: unknown } | undefined;
}

/** What a host hands to `preRegistration` and to each `get*Module`. */
export interface HostManagers {
  servicesManager: ServicesManager;
  commandsManager: CommandsManager;
  extensionManager: ExtensionManager;
  appConfig?: unknown;
}

/** A component in the host's React: a function of props that returns one of the host's elements. */
export type HostComponent = (props: Record<string, unknown>) => unknown;
