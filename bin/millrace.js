#!/usr/bin/env node
// Plain JavaScript, because it must also be understood by a Node that cannot run TypeScript: it looks for one that can.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as module from 'node:module'
import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

// As a package it is JavaScript: Node runs no TypeScript of packages. The user's topology is TypeScript either way.
const isPackage = !existsSync(new URL('cli.ts', import.meta.url))

// Half of what a start takes is the stripping and compiling of modules; a start after the first finds that done. An older Node has no such cache.
module.enableCompileCache?.()
if (major >= 24 || (major === 22 && minor >= 18)) await import(isPackage ? '../dist/bin/cli.js' : './cli.ts')
else if (isPackage) fail(`Node ${process.version} cannot run TypeScript; use Node 24 or newer.`)
else runWith(fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url)))

function runWith (node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' })
  // A signal sent to this process alone is meant for the one that works.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', () => fail(`Node ${process.version} cannot run TypeScript, and the project's own Node is not installed; run npm ci.`))
  child.on('exit', (code, signal) => { process.exitCode = code ?? 128 + constants.signals[signal] })
}

function fail (sentence) {
  process.stderr.write(`millrace: ${sentence}\n`)
  process.exitCode = 1
}
