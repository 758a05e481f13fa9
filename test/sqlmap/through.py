"""Sends on, over TLS with a certificate, what comes in plain text: sqlmap speaks
no TLS 1.3. Arguments: the server's port, its CA, the certificate with its key."""

import asyncio
import ssl
import sys

port, ca, certificate = int(sys.argv[1]), sys.argv[2], sys.argv[3]
tls = ssl.create_default_context(cafile=ca)
tls.load_cert_chain(certificate)


async def carry(reader, writer):
    try:
        while piece := await reader.read(1 << 16):
            writer.write(piece)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


async def forward(reader, writer):
    try:
        server = await asyncio.open_connection("localhost", port, ssl=tls)
    except OSError:
        writer.close()
        return
    await asyncio.gather(carry(reader, server[1]), carry(server[0], writer))


async def main():
    server = await asyncio.start_server(forward, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
