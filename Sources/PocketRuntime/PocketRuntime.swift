// PocketRuntime
