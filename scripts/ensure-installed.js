// Runs before npm's scripts, so also on the system's Node, before ours is installed: plain JavaScript for Node 20.
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Whether what lies in node_modules is what the lock file asks for. npm writes its own account of it there. */
export function isInstalled (root) {
  const wanted = readPackages(join(root, 'package-lock.json'))
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'))
  // The Node that runs everything else; it is missing after an install that skipped the packages' own scripts.
  const hasNode = existsSync(join(root, 'node_modules', 'node', 'bin', 'node'))
  return hasNode && Object.entries(wanted).every(([path, { version, optional }]) =>
    path === '' || optional === true || installed[path]?.version === version)
}

function readPackages (file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages ?? {}
  } catch {
    return {}
  }
}

function install (root) {
  process.stderr.write('Installing what is missing (npm ci)\n')
  // stdout is kept for what the script itself prints.
  const { status, error } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32'
  })
  if (status === 0 && isInstalled(root)) return
  if (status === 0) {
    process.stderr.write('npm ci went well, but node_modules/node has no Node in it: its install script did not run (is ignore-scripts set?)\n')
    process.exit(1)
  }
  process.stderr.write(`
npm ci failed${error === undefined ? '' : ` (${error.message})`}. What to look at:
  - is the package registry reachable?  npm ping
  - was package.json changed without its lock file?  npm install, then commit both
  - is the system's Node at least 20?  node --version says ${process.version}
`)
  process.exit(status ?? 1)
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL('..', import.meta.url))
  if (!isInstalled(root)) install(root)
}
