internal import BundleFormat
internal import PocketCLIP

extension ModelInformation {
  /// The space id, which the C interface gives as text.
  var space: SpaceID { SpaceID(spaceID) ?? SpaceID() }
}
