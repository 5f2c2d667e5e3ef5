// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "classify",
  platforms: [.macOS(.v15)],
  dependencies: [.package(name: "PocketCLIP", path: "../..")],
  targets: [.executableTarget(name: "classify", dependencies: ["PocketCLIP"])]
)
