// ReferenceForward
