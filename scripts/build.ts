import { execFileSync } from 'node:child_process'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(ROOT, 'dist')

// Node runs TypeScript of ours and of the user's, but none below node_modules: a package holds JavaScript and declarations.
// They are written without being checked again, which `npm run types` does and `npm pack` waits for.
rmSync(DIST, { recursive: true, force: true })
execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', join(ROOT, 'tsconfig.build.json')], { stdio: 'inherit' })
// What a file reads beside itself stands at the same place there.
cpSync(join(ROOT, 'migrations'), join(DIST, 'migrations'), { recursive: true })
