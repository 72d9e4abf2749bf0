export { BerthError, isBerthError, toBerthError } from './berth-error.ts';
export { REASONS, isReason, type Kind, type Reason } from './reasons.ts';
