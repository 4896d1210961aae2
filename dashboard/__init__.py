"""Every face of an edition: app, command line, exports. This room computes no statistic."""
