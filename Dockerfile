# One image for the worker, the API and ingest: the command decides. Node runs TypeScript itself, so nothing is built.
FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app

# Dependencies first: a change of code keeps this layer.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev && npm cache clean --force

COPY bin bin
COPY api api
COPY http http
COPY ingest ingest
COPY migrations migrations
COPY processors processors
COPY schemas schemas
COPY stores stores
COPY streams streams
COPY topology topology

USER node
CMD ["node", "bin/worker.ts"]
