/**
 * What the page asks of the engine, which runs in a Web Worker: every method is a message (Comlink), so that neither training nor
 * generation ever holds up the page. A callback, and an object of callbacks, is passed as one `Comlink.proxy`; the engine waits for each
 * call. Every method rejects with a `StudioFailure`, which is plain data.
 *
 * The worker's name says how to start, as a query: `backend=wasm` takes that backend, `software=1` allows a WebGPU adapter that computes
 * on the processor (for tests).
 */

/** Which backend the worker runs on, for the About panel. */
export interface BackendInfo {
  readonly name: 'webgpu' | 'wasm' | 'cpu';
  /** The adapter, or the number of threads. */
  readonly detail: string;
  /** Why this one, in words, such as why there is no WebGPU. */
  readonly reason: string;
}

export interface ModelInfo {
  /** `shipped`, or the name of what was imported or taught. */
  readonly name: string;
  readonly parameters: number;
  readonly imageSize: number;
  readonly vocabSize: number;
  readonly architecture: 'encoder-decoder' | 'decoder-only';
  /** How a picture that is not square is made so. */
  readonly fit: 'crop' | 'resize-crop' | 'squash' | 'pad';
  /** Rows and columns of the image tokens: the resolution of the attention maps. */
  readonly grid: { readonly height: number; readonly width: number };
  /** The model card, as Markdown, when the checkpoint has one. */
  readonly card?: string;
  /** Where the weights come from, when the checkpoint says so. */
  readonly origin?: ModelOrigin;
  /** Lent for this visit: the page's own model, or the taught one, comes back with `giveBack` or the next visit. */
  readonly borrowed: boolean;
  /** The name of the model that `undo` brings back, if any. */
  readonly back?: string;
  /** Of a model just taken that could not be kept for the next visit: why. */
  readonly notice?: StudioFailure;
}

/** What an imported checkpoint says of where it comes from, in its own words. */
export interface ModelOrigin {
  readonly repository?: string;
  readonly revision?: string;
  readonly modelType?: string;
  readonly licence?: string;
}

/** Where a checkpoint is: a folder on a web server, or the files of a folder or an archive that the visitor gave. */
export type CheckpointSource =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'files'; readonly files: CheckpointBlobs };

/** What is known of a checkpoint before its weights are loaded. */
export interface ModelOffer
  extends Pick<ModelInfo, 'name' | 'parameters' | 'imageSize' | 'vocabSize' | 'origin'> {
  /** What kind of model it is, such as `GIT`. */
  readonly kind: string;
  /** What is known of that kind in this page, in words. */
  readonly experience: string;
  /** Bytes of the files that will be read: over the network for an address. */
  readonly bytes: number;
  readonly remote: boolean;
  /** Bytes of the weights on the backend; a caption needs some more. */
  readonly memory: number;
  /** Why it cannot be loaded here; without it, it can. */
  readonly refusal?: StudioFailure;
}

export interface LoadProgress {
  readonly stage: 'backend' | 'weights' | 'compile';
  readonly loaded: number;
  /** 0 when unknown. */
  readonly total: number;
}

/** A picture as the visitor gave it, and as the model sees it. */
export interface Picture {
  readonly id: string;
  /** The file's name, or what the source is called. */
  readonly name: string;
  /** The file's own bytes, kept for export. */
  readonly file: Blob;
}

/** One word of a caption with what is known about it. */
export interface CaptionWord {
  readonly text: string;
  /** Σ log p of its tokens, in nats. */
  readonly logProb: number;
  /** Row-major over `grid`, summing to 1: where the cross-attention looked, averaged over layers, heads and the word's tokens. */
  readonly attention: Float32Array;
}

export interface Caption {
  readonly text: string;
  readonly words: readonly CaptionWord[];
  readonly logProb: number;
  /** The model does not know what this is: the caption is a guess. */
  readonly unsure: boolean;
  readonly grid: { readonly height: number; readonly width: number };
  readonly milliseconds: number;
}

export interface CandidateScore {
  readonly text: string;
  /** Σ log p of the text's tokens given the picture, the end included, in nats. */
  readonly logProb: number;
  /** How many tokens these are. */
  readonly tokens: number;
}

/** How captions compare for one picture. Every likelihood is its own: they do not add up to anything. */
export interface Comparison {
  /** What the model says itself, then what it would have said otherwise, likeliest first. */
  readonly own: readonly CandidateScore[];
  /** The visitor's, in their order. */
  readonly candidates: readonly CandidateScore[];
}

/** What the model cannot do with a text. */
export interface TextProblems {
  /** Letters that it cannot write. */
  readonly unknown: readonly string[];
  /** What it reads of a text that is too long. */
  readonly read?: string;
}

/** A picture with the caption to learn. `heldOut` ones are never trained on. */
export interface Lesson {
  readonly picture: Picture;
  readonly caption: string;
  readonly heldOut: boolean;
}

export interface TeachSettings {
  readonly learningRate: number;
  readonly batchSize: number;
  /** Steps until the training ends by itself. */
  readonly steps: number;
  readonly seed: number;
}

export interface TeachStep {
  readonly step: number;
  readonly steps: number;
  /** In nats a token. */
  readonly loss: number;
  readonly rowsPerSecond: number;
}

/** What the model says of one of the page's own pictures, which it was never trained on. */
export interface KnownPicture {
  /** Which of them. */
  readonly index: number;
  /** What it said before it was taught, or should have. */
  readonly caption: string;
  readonly text: string;
}

/** What the model has learnt and what it still knows. */
export interface Knowledge {
  readonly step: number;
  /** Lessons that it says rightly, and how many there are. */
  readonly learned: { readonly right: number; readonly of: number };
  /** What it says of each lesson, held-out ones among them, by the ids of their pictures. */
  readonly said: Readonly<Record<string, string>>;
  readonly known: readonly KnownPicture[];
  /** At the end: how much of the change was enough, 0 to 1; see `least-change.ts`. */
  readonly share?: number;
}

/** How a training stands; `paused` and `failed` ones can be resumed from their last checkpoint. */
export type TeachStatus =
  | { readonly state: 'idle' }
  | { readonly state: 'running' | 'paused' | 'done'; readonly step: number; readonly steps: number }
  | {
      readonly state: 'failed';
      readonly step: number;
      readonly steps: number;
      readonly error: StudioFailure;
    };

export interface TeachCallbacks {
  readonly onStep: (step: TeachStep) => void;
  /** Before the first step, now and then, and at the end. */
  readonly onKnowledge: (knowledge: Knowledge) => void;
  readonly onStatus: (status: TeachStatus) => void;
  /** Something that the training survives: a checkpoint that could not be written (it goes on in memory). */
  readonly onNotice: (notice: StudioFailure) => void;
}

/** A training as a reload finds it. */
export interface SavedTraining {
  readonly settings: TeachSettings;
  readonly step: number;
  readonly losses: readonly { readonly step: number; readonly loss: number }[];
  /** What was known before the training, and at the last look. */
  readonly knowledge: readonly Knowledge[];
  readonly savedAt: string;
}

/** A failure as data: what happened and what to do about it, in words for the visitor. */
export interface StudioFailure {
  readonly code:
    | 'PICTURE_BROKEN'
    | 'PICTURE_TOO_LARGE'
    | 'PICTURE_NOT_AN_IMAGE'
    | 'CHECKPOINT_MISMATCH'
    | 'CHECKPOINT_DAMAGED'
    | 'CHECKPOINT_TOO_LARGE'
    | 'CHECKPOINT_UNKNOWN'
    | 'CHECKPOINT_NOT_FOUND'
    | 'GPU_LOST'
    | 'OUT_OF_MEMORY'
    | 'TRAINING_DIVERGED'
    | 'LESSONS_UNUSABLE'
    | 'STORAGE_FULL'
    | 'STORAGE_ABSENT'
    | 'NETWORK'
    | 'CAMERA_UNUSABLE'
    | 'OTHER_TAB'
    | 'UNEXPECTED';
  readonly title: string;
  readonly advice: string;
  readonly detail?: string;
}

/** Files that the visitor gave, by name; they are read when they are needed. */
type CheckpointBlobs = readonly { readonly name: string; readonly file: Blob }[];

/** Files of a checkpoint folder by name, as the command line reads and writes them. */
export type CheckpointFolder = readonly { readonly name: string; readonly bytes: Uint8Array }[];

export interface Started {
  readonly backend: BackendInfo;
  readonly model: ModelInfo;
  /** What the start survived: a saved model that is damaged, a browser that keeps nothing. */
  readonly notices: readonly StudioFailure[];
}

export interface Engine {
  /** Starts the backend and loads the shipped model, or the taught one that was saved. */
  start(onProgress: (progress: LoadProgress) => void): Promise<Started>;
  /** The same as it is now: the backend is another one after a lost GPU, the model after teaching. */
  info(): Promise<Pick<Started, 'backend' | 'model'>>;
  /** Checks that a file is a picture that can be used, before anything is done with it; throws a `StudioFailure`. */
  inspect(file: Blob, name: string): Promise<{ width: number; height: number }>;
  /** Greedy caption; `onText` is called with the text so far. */
  caption(picture: Picture, onText: (text: string) => void): Promise<Caption>;
  compare(picture: Picture, candidates: readonly string[]): Promise<Comparison>;
  /** What the model cannot learn or compare of each text. */
  check(texts: readonly string[]): Promise<TextProblems[]>;
  /** Starts or, with the same lessons after a pause, goes on. Resolves when it ended, was paused or failed. */
  teach(lessons: readonly Lesson[], settings: TeachSettings, callbacks: TeachCallbacks): Promise<TeachStatus>;
  /** Stops after the step under way and writes a checkpoint. */
  pause(): Promise<void>;
  /** Back to the model before the last training, import or `reset`; a second call takes the first back. */
  undo(): Promise<ModelInfo>;
  /** The shipped model again; `undo` brings back what was in use. */
  reset(): Promise<ModelInfo>;
  /** How the training of the saved model stands, if these are its lessons. */
  saved(lessons: readonly Lesson[]): Promise<SavedTraining | undefined>;
  /** Reads again what is saved: another tab may have written it. A model that is lent is given back. */
  reopen(): Promise<Started>;
  exportCheckpoint(): Promise<CheckpointFolder>;
  /** Opens names, shapes and small files of a checkpoint, and none of its weights; the model in use stays. */
  offer(source: CheckpointSource): Promise<ModelOffer>;
  /** Loads what was offered last, and uses it from now on. */
  takeOffered(onProgress: (progress: LoadProgress) => void): Promise<ModelInfo>;
  /** Back from a model that was lent for this visit. */
  giveBack(): Promise<ModelInfo>;
  /** For tests: loses the GPU device as a driver would; `false` when there is none. */
  loseDevice(): Promise<boolean>;
  /** Tensors and bytes of the backend, for tests and the About panel. */
  memory(): Promise<{ tensors: number; bytes: number }>;
}
