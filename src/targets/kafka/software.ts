/** Java, and Kafka's jars: from an unpacked distribution, or by Maven into the cache. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expected, messageOf, SchismError, type OptionValues } from '../../model/index.js';
import { canListen, run, watch } from '../../processes/index.js';

export const defaultVersion = '4.1.0';

export interface Software {
  java: string;
  /** `17.0.15` */
  javaVersion: string;
  kafkaVersion: string;
  /** Folder of the jars; absent while they are not in the cache. */
  libs?: string;
}

/** Finds what there is. @throws SchismError (usage) that names what is missing on this machine. */
export async function findSoftware(options: OptionValues, cacheDir: string): Promise<Software> {
  const home = options['kafkaHome'];
  const { version, libs } =
    typeof home === 'string' && home !== ''
      ? distribution(home)
      : cached(String(options['kafkaVersion'] ?? defaultVersion), cacheDir);
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 3 || (major === 3 && minor < 9))
    throw expected('the Kafka version', '3.9 or newer', version);
  const needed = major >= 4 ? 17 : 11;
  const javaHome = process.env['JAVA_HOME'];
  const java =
    javaHome && existsSync(join(javaHome, 'bin/java')) ? join(javaHome, 'bin/java') : 'java';
  const javaVersion = await askJava(java, needed, version);
  if (libs === undefined)
    await run('mvn', ['-v'], { timeoutMs: 60_000, code: 'usage' }).catch((error: unknown) => {
      throw new SchismError(
        'usage',
        `Expected Maven (mvn) to fetch Apache Kafka ${version}, or \`--kafka-home\` with an unpacked distribution: ${messageOf(error)}`,
        { cause: error },
      );
    });
  if (!(await canListen('127.1.1.1', 0)))
    throw new SchismError(
      'usage',
      'Expected the loopback interface to have all of 127.0.0.0/8, as on Linux; here 127.1.1.1 cannot be listened on, so nodes cannot have links of their own (run this in a Linux container or machine).',
    );
  return { java, javaVersion, kafkaVersion: version, ...(libs === undefined ? {} : { libs }) };
}

async function askJava(java: string, needed: number, kafka: string): Promise<string> {
  const wanted = `Expected Java ${needed} or newer for Apache Kafka ${kafka}`;
  const options = { timeoutMs: 60_000, code: 'usage' } as const;
  const answer = await run(java, ['-version'], options).catch((error: unknown) => {
    const why = `${wanted}, and there is no usable \`java\`: ${messageOf(error)}`;
    throw new SchismError('usage', why, { cause: error });
  });
  const version = /version "([^"]+)"/.exec(answer.stderr + answer.stdout)?.[1] ?? 'unknown';
  // Up to Java 8 versions began with 1.
  const [first = 0, second = 0] = version.split(/[._-]/).map(Number);
  if (!((first === 1 ? second : first) >= needed))
    throw new SchismError('usage', `${wanted}, got ${version}.`);
  return version;
}

function distribution(home: string): { version: string; libs: string } {
  const libs = join(home, 'libs');
  const jars = existsSync(libs) ? readdirSync(libs) : [];
  const version = jars
    .map((jar) => /^kafka_2\.\d+-(\d+\.\d+\.\d+.*?)\.jar$/.exec(jar)?.[1])
    .find((found) => found !== undefined);
  if (version === undefined)
    throw expected('`--kafka-home`', 'an unpacked Kafka with `libs/kafka_2.13-*.jar`', home);
  return { version, libs };
}

function cached(version: string, cacheDir: string): { version: string; libs?: string } {
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw expected('the Kafka version', `a version like ${defaultVersion}`, version);
  const libs = join(cacheDir, `kafka-${version}`);
  return existsSync(libs) ? { version, libs } : { version };
}

/** Fetches the jars unless they are there. Safe against other runs that do the same. */
export async function fetchJars(
  version: string,
  cacheDir: string,
  signal: AbortSignal,
): Promise<string> {
  const libs = join(cacheDir, `kafka-${version}`);
  await mkdir(cacheDir, { recursive: true });
  const folder = await mkdtemp(join(cacheDir, `.kafka-${version}-`));
  watch().add({ folder });
  try {
    await writeFile(join(folder, 'pom.xml'), pom(version));
    const args = [
      '-q',
      '-B',
      '-Dstyle.color=never',
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
    ];
    await run('mvn', [...args, '-DoutputDirectory=libs'], {
      cwd: folder,
      timeoutMs: 600_000,
      signal,
    }).catch((error: unknown) => {
      const { cause } = error as { cause?: { stdout?: string } };
      const line = /\[ERROR\] (.+)/.exec(cause?.stdout ?? '')?.[1] ?? messageOf(error);
      const why = `Maven could not fetch Apache Kafka ${version}: ${line}`;
      throw new SchismError('usage', why, { cause: error });
    });
    // A whole folder appears at once, or not at all. Another run may have been faster.
    await rename(join(folder, 'libs'), libs).catch((error: unknown) => {
      if (!existsSync(libs)) throw error;
    });
    return libs;
  } finally {
    await rm(folder, { recursive: true, force: true });
    watch().remove({ folder });
  }
}

const pom = (version: string): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>schism</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
${[
  ['org.apache.kafka', 'kafka_2.13', version],
  ['org.apache.kafka', 'kafka-tools', version],
  ['org.slf4j', 'slf4j-reload4j', '1.7.36'],
]
  .map(
    ([group, artifact, of]) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${of}</version></dependency>`,
  )
  .join('\n')}
  </dependencies>
</project>
`;
