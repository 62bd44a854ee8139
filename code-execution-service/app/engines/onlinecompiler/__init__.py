"""The remote engine: programs run at onlinecompiler.io, or at whoever speaks its interface."""
