/** A map of bounded size that forgets what was used longest ago: nobody outside can make it grow. */

export interface Recent<Value> {
  /** The value of a key, made now when there is none; used now in any case. */
  of(key: string, make: () => Value): Value;
  size(): number;
}

export function createRecent<Value>(max: number): Recent<Value> {
  const values = new Map<string, Value>();
  return {
    of(key, make) {
      const found = values.get(key);
      const value = found ?? make();
      if (found !== undefined) values.delete(key);
      else if (values.size >= max) {
        const oldest = values.keys().next();
        if (oldest.done !== true) values.delete(oldest.value);
      }
      values.set(key, value);
      return value;
    },
    size: () => values.size,
  };
}
