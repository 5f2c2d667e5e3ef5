// PocketCLIP
