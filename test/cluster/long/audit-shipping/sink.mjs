// A sink over HTTP: appends each body that it is sent to a file, a line each, and says so only when it is written.
// node sink.mjs PORT FILE [KEY CERTIFICATE]    with a key and a certificate, over HTTPS
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer as plain } from 'node:http';
import { createServer as secure } from 'node:https';

const [, , port, file, key, certificate] = process.argv;
const take = (request, response) => {
  const parts = [];
  request.on('data', part => parts.push(part));
  request.on('end', () => {
    appendFileSync(file, `${Buffer.concat(parts).toString('utf8').trim()}\n`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
};
(key ? secure({ key: readFileSync(key), cert: readFileSync(certificate) }, take) : plain(take)).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
