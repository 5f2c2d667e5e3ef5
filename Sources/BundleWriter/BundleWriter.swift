// BundleWriter
