// A sink for OTLP over HTTP (JSON): appends what it is sent to a file, and says so only when it is written.
// node sink.mjs PORT FILE
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';

const [, , port, file] = process.argv;
createServer((request, response) => {
  const parts = [];
  request.on('data', part => parts.push(part));
  request.on('end', () => {
    appendFileSync(file, `${Buffer.concat(parts).toString('utf8')}\n`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('ready\n'));
