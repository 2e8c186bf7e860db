/** Services that clients are told to use with projects of this satellite. */
export interface EdgeUrls {
  /** "host:port" of the auth service's DRPC over TLS, or "insecure://host:port" in clear. */
  readonly authService?: string;
  /** URL of link sharing. */
  readonly linksharing?: string;
}

/** Known only when these services run, which need the satellite. */
export interface EdgeUrlHolder {
  current: EdgeUrls | undefined;
}
