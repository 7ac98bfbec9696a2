#!/usr/bin/python3
# An SSH server that does what sshd does not; the command says what becomes of it. It lets everybody in.
#   oddhost.py PORT HOSTKEY KIND    says "ready PORT" when it listens
# KIND: plain, packet0 (its channels take packets of at most 0 bytes), hugekey (its RSA key has 16 KiB)
import os
import select
import socket
import sys
import threading
import time

import paramiko
from paramiko.common import cMSG_CHANNEL_REQUEST


class Host(paramiko.ServerInterface):
    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_request(self, kind, number):
        return paramiko.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel, command):
        if command == b"what came with it":  # before its answer to the request
            came = select.select([channel.transport.sock], [], [], 5)[0]
            command = b"input" if came else b"nothing"
        threading.Thread(target=act, args=(channel, command.decode()), daemon=True).start()
        return command != b"refused"


def act(channel, command):
    time.sleep(0.1)  # the request has been answered
    if command == "refused":
        return
    if command == "deaf":
        time.sleep(60)
    channel.sendall(command.encode() if command in ("input", "nothing") else b"out\n")
    if command == "signal":
        m = paramiko.Message()
        m.add_byte(cMSG_CHANNEL_REQUEST)
        m.add_int(channel.remote_chanid)
        for part in ("exit-signal", False, "TERM", False, "", ""):
            m.add_boolean(part) if isinstance(part, bool) else m.add_string(part)
        channel.transport._send_user_message(m)
    elif command == "late status":
        channel.shutdown_write()
        time.sleep(0.7)
        channel.send_exit_status(7)
    elif command == "status first":
        channel.send_exit_status(7)
        time.sleep(0.7)
        channel.sendall(b"more\n")
    elif command == "never closes":
        channel.send_exit_status(7)
        time.sleep(60)
    channel.close()


class HugeKey(paramiko.PKey):
    def get_name(self):
        return "rsa-sha2-512"

    def asbytes(self):
        m = paramiko.Message()
        m.add_string("ssh-rsa")
        m.add_mpint(65537)
        m.add_mpint(int.from_bytes(b"\x7f" + os.urandom(16383), "big") | 1)
        return m.asbytes()

    def sign_ssh_data(self, data, algorithm=None):
        m = paramiko.Message()
        m.add_string("rsa-sha2-512")
        m.add_string(os.urandom(16384))
        return m


def serve(client, key, kind):
    transport = paramiko.Transport(client)
    if kind == "packet0":
        transport.default_max_packet_size = 0
    transport.add_server_key(HugeKey() if kind == "hugekey" else key)
    channels = []
    try:
        transport.start_server(server=Host())
        while transport.is_active():
            channels.append(transport.accept(1))
    except (paramiko.SSHException, EOFError):
        pass


port, file, kind = int(sys.argv[1]), sys.argv[2], sys.argv[3]
key = paramiko.Ed25519Key(filename=file)
listener = socket.create_server(("127.0.0.1", port))
print("ready", listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0], key, kind), daemon=True).start()
