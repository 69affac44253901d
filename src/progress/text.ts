/** Numbers and durations as people read them, the same in every locale, since logs are compared. */

/** `1234567` → `1,234,567` */
export function countText(count: number): string {
  return String(Math.round(count)).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** Milliseconds as `0:07`, `12:34`, `1:02:03`, `2d 03h`. */
export function durationText(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${countText(Math.floor(hours / 24))}d ${two(hours % 24)}h`;
  if (hours > 0) return `${hours}:${two(minutes % 60)}:${two(seconds % 60)}`;
  return `${minutes}:${two(seconds % 60)}`;
}

/** Items a second as `1,234/s`, `12.3/s`; slow ones by the minute or the hour: `4.5/min`, `2/h`. */
export function rateText(perSecond: number): string {
  if (perSecond >= 1 || perSecond === 0) return `${short(perSecond)}/s`;
  if (perSecond * 60 >= 1) return `${short(perSecond * 60)}/min`;
  return `${short(perSecond * 3600)}/h`;
}

/** Whole per cent: 100 only when all is done, and never more. */
export function percentText(done: number, total: number): string {
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  return `${Math.min(100, percent)} %`;
}

function short(value: number): string {
  return value >= 100 ? countText(value) : String(Number(value.toFixed(1)));
}
