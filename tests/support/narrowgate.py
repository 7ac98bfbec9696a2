#!/usr/bin/python3
# A jump host that carries few connections at a time over each of its own, as small appliances do: the rest are refused
# for want of resources (RFC 4254: reason 4), which OpenSSH never says.
#   narrowgate.py PORT HOSTKEY LIMIT    says "ready" when it listens, then a line for each login
import socket
import sys
import threading

import paramiko


class Gate(paramiko.ServerInterface):
    def __init__(self, transport, limit):
        self.transport, self.limit, self.lock, self.wanted, self.count = transport, limit, threading.Lock(), {}, 0

    def get_allowed_auths(self, username):
        return "publickey"

    def check_auth_publickey(self, username, key):
        return paramiko.AUTH_SUCCESSFUL

    def check_channel_direct_tcpip_request(self, number, origin, destination):
        with self.lock:
            if self.count >= self.limit:
                return paramiko.OPEN_FAILED_RESOURCE_SHORTAGE
            self.count += 1
            self.wanted[number] = destination
        return paramiko.OPEN_SUCCEEDED

    def carry(self, channel):
        far = socket.create_connection(self.wanted.pop(channel.get_id()))

        def pump(take, give, ended):
            try:
                while True:
                    data = take(32768)
                    if not data:
                        break
                    give(data)
            except OSError:
                pass
            ended()

        up = threading.Thread(target=pump, args=(channel.recv, far.sendall, far.close), daemon=True)
        up.start()
        pump(far.recv, channel.sendall, channel.close)
        up.join()
        with self.lock:
            self.count -= 1


def serve(client, key, limit):
    transport = paramiko.Transport(client)
    transport.add_server_key(key)
    gate = Gate(transport, limit)
    transport.start_server(server=gate)
    said = False
    while transport.is_active():
        channel = transport.accept(1)
        if transport.is_authenticated() and not said:
            said = True
            print("login", flush=True)
        if channel is not None:
            threading.Thread(target=gate.carry, args=(channel,), daemon=True).start()


port, file, limit = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
key = paramiko.Ed25519Key(filename=file)
listener = socket.create_server(("127.0.0.1", port))
print("ready", listener.getsockname()[1], flush=True)
while True:
    threading.Thread(target=serve, args=(listener.accept()[0], key, limit), daemon=True).start()
