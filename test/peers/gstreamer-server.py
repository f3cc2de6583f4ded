#!/usr/bin/python3
"""GStreamer's RTSP server for the peer tests: serves media files in real time, one path each.

usage: gstreamer-server.py NAME=LAUNCH...   prints "port N" once it listens, ends with its standard input.
"""
import sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
for argument in sys.argv[1:]:
    name, launch = argument.split("=", 1)
    if name == "--auth":
        user, password = launch.split(":", 1)
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(2)  # digest
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "user")
        auth.add_digest(user, password, token)
        server.set_auth(auth)
        continue
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(launch)
    factory.set_shared(False)
    server.get_mount_points().add_factory("/" + name, factory)
loop = GLib.MainLoop()
server.attach(None)
print("port", server.get_bound_port(), flush=True)
GLib.io_add_watch(sys.stdin, GLib.IO_HUP | GLib.IO_IN, lambda *_: loop.quit())
loop.run()
