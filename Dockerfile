# stocksup in a container: the supervisor is process 1, reaps what is orphaned there, and passes a stop on.
# How to build and run it, and where the shop's files go: docs/how-to/container.md
FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m venv /opt/stocksup \
    && /opt/stocksup/bin/python -m pip install --no-cache-dir --require-hashes -r requirements.lock
COPY supervisor supervisor
COPY botapp botapp
# An image keeps times in whole seconds, so compiled code must not be compared with the time of its source: it would be
# taken for old, and compiled anew at every start.
RUN /opt/stocksup/bin/python -m pip install --no-cache-dir --no-deps --no-build-isolation . \
    && /opt/stocksup/bin/python -m compileall -q -f --invalidation-mode unchecked-hash /opt/stocksup/lib

FROM python:3.13-slim
COPY --from=build /opt/stocksup /opt/stocksup
ENV PATH=/opt/stocksup/bin:$PATH STOCKSUP_CONFIG=/shop/config.toml
RUN useradd --uid 1000 --create-home shop && install --directory --owner=shop --mode=0700 /shop
USER shop
WORKDIR /shop
VOLUME /shop
ENTRYPOINT ["stocksup"]
CMD ["start", "--foreground"]
HEALTHCHECK --interval=60s --start-period=60s CMD ["stocksup", "status"]
