/** Numbers of metainfo.Object.Status, which the objects table keeps too. */
export const ObjectStatus = {
  Pending: 1,
  CommittedUnversioned: 3,
  CommittedVersioned: 4,
  DeleteMarkerVersioned: 5,
  DeleteMarkerUnversioned: 6,
  Prefix: 7,
} as const;

export function isDeleteMarker(status: number): boolean {
  return status === ObjectStatus.DeleteMarkerVersioned || status === ObjectStatus.DeleteMarkerUnversioned;
}

/** SQL condition: the one object of its key that no version protects from being replaced. */
export const unversionedStatuses = `status IN (${ObjectStatus.CommittedUnversioned}, ${ObjectStatus.DeleteMarkerUnversioned})`;
